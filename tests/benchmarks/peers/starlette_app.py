"""The obvious Python way: Starlette, httpx.AsyncClient, redis.asyncio. As their documents would have it."""

import base64
import hashlib
import json
import os
import secrets
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from urllib.parse import urlencode

import httpx
import jwt
from itsdangerous import BadSignature, Signer
from redis.asyncio import Redis
from starlette.applications import Starlette
from starlette.background import BackgroundTask
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response, StreamingResponse
from starlette.routing import Route

ORIGIN, ISSUER, UPSTREAM = (os.environ[name] for name in ("ORIGIN", "ISSUER", "UPSTREAM"))
CLIENT = (os.environ["CLIENT_ID"], os.environ["CLIENT_SECRET"])
HOP_BY_HOP = {
    "connection",
    "keep-alive",
    "proxy-authenticate",
    "proxy-authorization",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
}
NOT_SENT = HOP_BY_HOP | {"host", "cookie", "authorization"}
signer = Signer(secrets.token_bytes(32))
redis = Redis(port=int(os.environ["REDIS_PORT"]), decode_responses=True)
client = httpx.AsyncClient(limits=httpx.Limits(max_connections=64), timeout=60)


async def login(request: Request) -> Response:
    """Leave for the provider."""
    del request
    state, verifier = secrets.token_urlsafe(16), secrets.token_urlsafe(32)
    await redis.set(f"login:{state}", verifier, ex=600)
    digest = hashlib.sha256(verifier.encode()).digest()
    query = {
        "response_type": "code",
        "client_id": CLIENT[0],
        "redirect_uri": f"{ORIGIN}/bff/callback",
        "scope": "openid profile offline_access",
        "state": state,
        "code_challenge": base64.urlsafe_b64encode(digest).rstrip(b"=").decode(),
        "code_challenge_method": "S256",
    }
    return RedirectResponse(f"{await endpoint('authorization')}?{urlencode(query)}", 303)


async def callback(request: Request) -> Response:
    """Redeem the code, begin a session."""
    verifier = await redis.getdel(f"login:{request.query_params['state']}")
    form = {
        "grant_type": "authorization_code",
        "code": request.query_params["code"],
        "redirect_uri": f"{ORIGIN}/bff/callback",
        "code_verifier": verifier or "",
    }
    answer = await client.post(await endpoint("token"), data=form, auth=CLIENT)
    tokens = answer.raise_for_status().json()
    claims = jwt.decode(tokens["id_token"], options={"verify_signature": False})
    session = {
        "access_token": tokens["access_token"],
        "refresh_token": tokens.get("refresh_token"),
        "expires_at": time.time() + tokens["expires_in"],
        "sub": claims["sub"],
    }
    name = secrets.token_urlsafe(32)
    await redis.set(f"session:{name}", json.dumps(session), ex=86_400)
    response = RedirectResponse("/", 303)
    response.set_cookie("session", signer.sign(name).decode(), httponly=True, samesite="strict")
    return response


async def api(request: Request) -> Response:
    """Forward one call with the session's token."""
    try:
        name = signer.unsign(request.cookies.get("session", "")).decode()
    except BadSignature:
        return Response(status_code=401)
    stored = await redis.get(f"session:{name}")
    session = json.loads(stored) if stored else None
    if session is None or session["expires_at"] < time.time():
        return Response(status_code=401)  # a real one would renew here
    headers = [(key, value) for key, value in request.headers.items() if key not in NOT_SENT]
    headers.append(("authorization", f"Bearer {session['access_token']}"))
    url = f"{UPSTREAM}/{request.path_params['path']}"
    body = request.stream() if request.method not in {"GET", "HEAD"} else None
    outgoing = client.build_request(
        request.method, url, params=request.query_params, headers=headers, content=body
    )
    answer = await client.send(outgoing, stream=True)
    response = StreamingResponse(
        answer.aiter_raw(), answer.status_code, background=BackgroundTask(answer.aclose)
    )
    response.raw_headers = [
        (key.lower(), value)
        for key, value in answer.headers.raw
        if key.lower().decode() not in HOP_BY_HOP
    ]
    return response


async def endpoint(name: str) -> str:
    """From the discovery document."""
    answer = await client.get(f"{ISSUER}/.well-known/openid-configuration")
    return str(answer.json()[f"{name}_endpoint"])


@asynccontextmanager
async def lifespan(app: Starlette) -> AsyncIterator[None]:
    """Close what was opened."""
    del app
    yield
    await client.aclose()
    await redis.aclose()


METHODS = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"]
app = Starlette(
    routes=[
        Route("/login", login),
        Route("/bff/callback", callback),
        Route("/api/{path:path}", api, methods=METHODS),
    ],
    lifespan=lifespan,
)
