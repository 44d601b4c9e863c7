"""A request as code in other languages; the key is taken from the environment variable ``SERVICE_KEY``, and is in none of them."""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Callable, Mapping
from dataclasses import dataclass

LONGEST = 20_000
"""Characters of a body that are written into code; a longer one is read from a file."""
_OTHERS = re.compile(r"[\x00-\x1f\x7f]")


@dataclass(frozen=True)
class Request:
    """A request to a service.

    Parameters
    ----------
    method : "POST". url : of the service. headers : without the key.
    body : as text; empty where it is read from a file. file : its name, or empty.
    needs_key : whether it is sent with the key.
    """

    method: str
    url: str
    headers: Mapping[str, str]
    body: str = ""
    file: str = ""
    needs_key: bool = False


def curl(request: Request) -> str:
    """For a POSIX shell."""
    headers = [shlex.quote(f"{name}: {value}") for name, value in request.headers.items()]
    if request.needs_key:
        headers.append('"Authorization: Bearer $SERVICE_KEY"')
    body = f"--data-binary {shlex.quote('@' + request.file)}"
    if not request.file:
        body = f"--data-raw {shlex.quote(request.body)}"
    lines = [f"curl --request {request.method} {shlex.quote(request.url)}"]
    return " \\\n  ".join([*lines, *(f"--header {header}" for header in headers), body]) + "\n"


def python(request: Request) -> str:
    """With requests."""
    headers = [f"{name!r}: {value!r}" for name, value in request.headers.items()]
    if request.needs_key:
        headers.append("'Authorization': 'Bearer ' + os.environ['SERVICE_KEY']")
    body = f"open({request.file!r}, 'rb')" if request.file else f"{request.body!r}.encode()"
    return f"""{"import os" + chr(10) * 2 if request.needs_key else ""}import requests

answer = requests.request(
    {request.method!r},
    {request.url!r},
    headers={{{", ".join(headers)}}},
    data={body},
)
print(answer.status_code)
print(answer.text)
"""


def javascript(request: Request) -> str:
    """With fetch, for Node 18 and later."""
    headers = [f"{_quoted(name)}: {_quoted(value)}" for name, value in request.headers.items()]
    if request.needs_key:
        headers.append("Authorization: `Bearer ${process.env.SERVICE_KEY}`")
    body = f"await readFile({_quoted(request.file)})" if request.file else _quoted(request.body)
    return f"""// node request.mjs
{"import { readFile } from 'node:fs/promises';" + chr(10) * 2 if request.file else ""}const answer = await fetch({_quoted(request.url)}, {{
  method: {_quoted(request.method)},
  headers: {{ {", ".join(headers)} }},
  body: {body},
}});
console.log(answer.status);
console.log(await answer.text());
"""


def csharp(request: Request) -> str:
    """With HttpClient, for .NET and for Mono."""
    headers = [
        f"request.Content.Headers.TryAddWithoutValidation({_quoted(name)}, {_quoted(value)});"
        for name, value in request.headers.items()
    ]
    if request.needs_key:
        key = 'Environment.GetEnvironmentVariable("SERVICE_KEY")'
        headers.append(f'request.Headers.TryAddWithoutValidation("Authorization", "Bearer " + {key});')
    body = f"Encoding.UTF8.GetBytes({_quoted(request.body)})"
    if request.file:
        body = f"System.IO.File.ReadAllBytes({_quoted(request.file)})"
    lines = "\n        ".join(headers)
    return f"""// mcs -r:System.Net.Http request.cs && mono request.exe
using System;
using System.Net.Http;
using System.Text;

class Program
{{
    static void Main()
    {{
        var client = new HttpClient();
        var request = new HttpRequestMessage(new HttpMethod({_quoted(request.method)}), {_quoted(request.url)});
        request.Content = new ByteArrayContent({body});
        {lines}
        var answer = client.SendAsync(request).Result;
        Console.WriteLine((int)answer.StatusCode);
        Console.WriteLine(answer.Content.ReadAsStringAsync().Result);
    }}
}}
"""


def r(request: Request) -> str:
    """With httr2; R itself sends no body."""
    type_of = next((value for name, value in request.headers.items() if name.lower() == "content-type"), None)
    headers = [
        f"{_quoted(name)} = {_quoted(value)}"
        for name, value in request.headers.items()
        if name.lower() != "content-type"
    ]
    if request.needs_key:
        headers.append('Authorization = paste("Bearer", Sys.getenv("SERVICE_KEY"))')
    body = f"req_body_raw(charToRaw({_quoted(request.body)})"
    if request.file:
        body = f"req_body_file({_quoted(request.file)}"
    steps = [
        f"answer <- request({_quoted(request.url)})",
        f"req_method({_quoted(request.method)})",
        *([f"req_headers({', '.join(headers)})"] if headers else []),
        body + (f", type = {_quoted(type_of)})" if type_of else ")"),
        "req_error(is_error = function(answer) FALSE)",
        "req_perform()",
    ]
    return (
        "library(httr2)\n\n"
        + " |>\n  ".join(steps)
        + '\ncat(resp_status(answer), "\\n")\ncat(resp_body_string(answer))\n'
    )


def power_query(request: Request) -> str:
    """In M, as Power BI and Excel run it; it reads no environment, so that the key is a parameter."""
    headers = [f"#{_m_text(name)} = {_m_text(value)}" for name, value in request.headers.items()]
    if request.needs_key:
        headers.append('Authorization = "Bearer " & SERVICE_KEY')
    body = f"Text.ToBinary({_m_text(request.body)}, TextEncoding.Utf8)"
    if request.file:
        body = f"File.Contents({_m_text(request.file)})"
    about = "// SERVICE_KEY is a parameter (Manage Parameters); the credentials of the address are anonymous.\n"
    return f"""{about if request.needs_key else ""}let
    Answer = Web.Contents({_m_text(request.url)}, [
        Headers = [{", ".join(headers)}],
        Content = {body}
    ])
in
    Json.Document(Answer, TextEncoding.Utf8)
"""


LANGUAGES: Mapping[str, Callable[[Request], str]] = {
    "curl": curl,
    "Python": python,
    "JavaScript": javascript,
    "C#": csharp,
    "R": r,
    "Power Query": power_query,
}


def code_of(request: Request) -> dict[str, str]:
    """The request in every language.

    >>> print(code_of(Request("POST", "http://127.0.0.1/score", {"Accept": "*/*"}, "it's"))["curl"], end="")
    curl --request POST http://127.0.0.1/score \\
      --header 'Accept: */*' \\
      --data-raw 'it'"'"'s'
    """
    return {language: write(request) for language, write in LANGUAGES.items()}


def _quoted(text: str) -> str:
    """A literal in double quotes as JavaScript, C# and R read it."""
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")


def _m_text(text: str) -> str:
    escaped = text.replace("#(", "#(#)(").replace('"', '""')
    return '"' + _OTHERS.sub(lambda found: f"#({ord(found[0]):04x})", escaped) + '"'
