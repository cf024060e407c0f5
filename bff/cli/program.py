"""The program ``bff``: its commands together."""

import click

from bff.cli.audit import audit
from bff.cli.checking import check, explain
from bff.cli.ends import end, ends
from bff.cli.keys import keys
from bff.cli.posture import posture
from bff.cli.report import report
from bff.cli.serving import serve
from bff.cli.sessions import alerts, sessions


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="cookie-bff")
def main() -> None:
    """A backend-for-frontend: tokens stay on the server, the browser gets one HttpOnly cookie."""


for command in (serve, check, explain, sessions, alerts, audit, posture, report, keys):
    main.add_command(command)
for one in (end, ends):
    sessions.add_command(one)
