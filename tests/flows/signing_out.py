"""Ada, signed in three times, and every flow by which that ends."""

import msgspec

from bff.flows.backchannel import BackChannelFlow, LogoutTokenPolicy
from bff.flows.ending import EndingFlow
from bff.flows.logout import LogoutFlow
from bff.flows.revocation import RevocationFlow
from bff.session.model import Ref, Session, SessionKey
from tests.builders import NOW, a_core, a_key, a_session
from tests.flows.fake_register import MemorySessionRegister
from tests.flows.fake_revocations import MemoryRevocationQueue
from tests.flows.fakes import (
    Memory,
    MemoryExitStore,
    MemorySessionStore,
    RememberingTrail,
    SeededEntropy,
)
from tests.flows.fleet import CLIENT
from tests.flows.scripted_provider import ProviderState, ScriptedProvider
from tests.flows.virtual_time import Process, World


class SigningOut:
    """Three sessions of Ada's, and the flow that ends them."""

    def __init__(self) -> None:
        self.world = World(start=NOW)
        self.state = ProviderState(clock=self.world)
        self.provider = ScriptedProvider(self.state)
        self.memory = Memory(self.world)
        self.trail = RememberingTrail()
        self.exits = MemoryExitStore(self.world)
        self.queue = MemoryRevocationQueue()
        self.sessions = sessions = MemorySessionStore(self.memory)
        self.revocation = self.process("p1")
        register = MemorySessionRegister(self.memory)
        self.ending = EndingFlow(sessions, register, self.revocation, self.world, self.trail)
        self.flow = LogoutFlow(
            ending=self.ending,
            provider=self.provider,
            clock=self.world,
            exits=self.exits,
            entropy=SeededEntropy(2),
            client=CLIENT,
        )
        self.backchannel = BackChannelFlow(
            sessions=sessions,
            ending=self.ending,
            provider=self.provider,
            clock=self.world,
            trail=self.trail,
            client=CLIENT,
            policy=LogoutTokenPolicy(),
        )
        self.keys = [
            self._begin(letter, sid)
            for letter, sid in (("A", "sid-1"), ("B", "sid-1"), ("C", "sid-2"))
        ]

    def process(self, name: str) -> RevocationFlow:
        """The flow of one process, over the queue that all of them share."""
        return RevocationFlow(
            self.provider,
            self.queue,
            Process(self.world, name),
            self.world,
            SeededEntropy(len(name)),
            self.trail,
            self.sessions,
        )

    def _begin(self, letter: str, sid: str) -> SessionKey:
        issued = self.state.sign_in("ada")
        core = a_core(ref=Ref(f"s_{letter}"), provider_sid=sid)
        tokens = {
            "refresh_token": issued.refresh_token,
            "access_token": issued.access_token,
            "id_token": issued.id_token,
        }
        session: Session = a_session(key=a_key(letter * 43), core=core, tokens=tokens)
        self.world.run(self.sessions.create(session))
        return session.key

    def change_tokens(self, number: int, **changes: object) -> None:
        """One session's tokens are others."""
        session = self.memory.sessions[self.keys[number]]
        tokens = msgspec.structs.replace(session.tokens, **changes)
        self.memory.sessions[session.key] = msgspec.structs.replace(session, tokens=tokens)

    def left(self) -> list[int]:
        """Which of the three still live."""
        return [number for number, key in enumerate(self.keys) if key in self.memory.sessions]
