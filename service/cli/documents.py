"""``greenchain document``: a document's verdict, and its bytes as they came."""

import argparse
import hashlib
from pathlib import Path
from typing import Any

from service.cli.output import Failed, add_json, add_service, check_out, client, console, print_json
from service.cli.submit import show_verdict


def add_to(commands: Any) -> None:
    """Add the command to the parser."""
    parser = commands.add_parser("document", help="a document's verdict, and its bytes where you may read them")
    parser.add_argument("document", help="the document's id: the SHA-256 of its bytes")
    parser.add_argument("--out", type=Path, help="where its bytes go, after comparing their SHA-256 with the id")
    add_service(parser)
    add_json(parser)
    parser.set_defaults(handler=document)


def document(options: argparse.Namespace) -> int:
    """Show the verdict; write the bytes where asked to. Exit code 1 where they are not what the id says."""
    check_out(options.out)
    service = client(options)
    found = service.get(f"/api/v1/documents/{options.document}")
    if options.json:
        print_json(found)
    else:
        show_verdict(found)
    if options.out:
        content = service.content(options.document)
        if hashlib.sha256(content).hexdigest() != options.document:
            raise Failed("the bytes received are not those that the id stands for")
        options.out.write_bytes(content)
        if not options.json:
            console.print(f"{len(content)} bytes in {options.out}; their SHA-256 is the id.", soft_wrap=True)
    return 0
