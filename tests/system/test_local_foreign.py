"""No port of the local side answers a page of another site, over a real socket."""

from __future__ import annotations

import http.client
import json
from collections.abc import Iterator
from urllib.parse import urlsplit

import psutil
import pytest

from local.run.options import Options
from local.run.stack import Stack, StackEvents
from tests.helpers.waiting import LOOPBACK

pytestmark = [pytest.mark.system, pytest.mark.xdist_group("local-foreign")]

TEMPLATE = """
Transform: AWS::Serverless-2016-10-31
Resources:
  Secret: {Type: AWS::SecretsManager::Secret, Properties: {SecretString: key}}
  Worker:
    Type: AWS::Serverless::Function
    Properties:
      Runtime: python3.13
      Handler: app.handler
      CodeUri: .
      Events:
        Get: {Type: Api, Properties: {Path: /open, Method: GET}}
        Post: {Type: Api, Properties: {Path: /open, Method: POST}}
"""
EVIL = "https://evil.example"
READ_SECRET = json.dumps({"SecretId": "smile-local-Secret"})
SDK = {
    "X-Amz-Target": "secretsmanager.GetSecretValue",
    "Content-Type": "application/x-amz-json-1.1",
}


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    folder = tmp_path_factory.mktemp("stack")
    (folder / "app.py").write_text(
        "def handler(event, context): return {'statusCode': 200, 'body': 'open'}", "utf-8"
    )
    (folder / "template.yaml").write_text(TEMPLATE, "utf-8")
    options = Options(no_edge=True, template=folder / "template.yaml")
    ignore = lambda _: None  # noqa: E731
    started = Stack(options, folder, StackEvents(ignore, ignore, ignore), {})
    try:
        started.start_messaging()
        started.start_functions()
        yield started
    finally:
        started.stop()


def ask(port: int, method: str, path: str, **headers: str) -> tuple[int, str, dict[str, str]]:
    """Send a request with exactly these headers; return status, body and headers."""
    connection = http.client.HTTPConnection(LOOPBACK, port, timeout=30)
    connection.putrequest(method, path, skip_host=True, skip_accept_encoding=True)
    body = READ_SECRET.encode() if method == "POST" else b""
    given = {"Host": f"{LOOPBACK}:{port}", **SDK, **headers, "Content-Length": str(len(body))}
    for name, value in given.items():
        connection.putheader(name.replace("_", "-"), value)
    connection.endheaders(body)
    response = connection.getresponse()
    text = response.read().decode()
    connection.close()
    return response.status, text, {k.lower(): v for k, v in response.getheaders()}


def runtime_port(stack: Stack) -> int:
    """Return the port of the Lambda Runtime API of the function, from its environment."""
    [function] = [
        child
        for child in psutil.Process().children(recursive=True)
        if "awslambdaric" in " ".join(child.cmdline())
        and str(stack.processes.log_folder) in child.cwd()
    ]
    return int(function.environ()["AWS_LAMBDA_RUNTIME_API"].partition(":")[2])


@pytest.mark.parametrize(
    "foreign", [{"Origin": EVIL}, {"Host": "evil.example"}, {"Origin": "null"}]
)
@pytest.mark.parametrize("method", ["GET", "POST", "OPTIONS"])
def test_page_of_another_site_gets_nothing_from_any_port(
    stack: Stack, method: str, foreign: dict[str, str]
) -> None:
    aws_port = int(stack.aws.endpoint_url.rpartition(":")[2])
    assert stack.aws.iot_data_url is not None
    shadow_port = int(stack.aws.iot_data_url.rpartition(":")[2])
    paths = {
        stack.api_port: "/open",
        aws_port: "/",
        shadow_port: "/things/cam-1/shadow?name=settings",
        runtime_port(stack): "/2018-06-01/runtime/invocation/next",
    }
    for port, path in paths.items():
        status, text, headers = ask(port, method, path, **foreign)
        assert (status, "does not answer pages of other sites" in text) == (403, True)
        assert not [name for name in headers if name.startswith("access-control")]


def test_programs_on_this_machine_are_answered(stack: Stack) -> None:
    aws_port = int(stack.aws.endpoint_url.rpartition(":")[2])
    assert ask(stack.api_port, "GET", "/open")[:2] == (200, "open")
    own = f"http://{LOOPBACK}:{stack.api_port}"
    assert ask(stack.api_port, "POST", "/open", Origin=own)[0] == 200, "a form of its own page"
    status, text, _ = ask(aws_port, "POST", "/")
    assert (status, json.loads(text)["SecretString"]) == (200, "key")


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/?Action=ListQueues"),
        ("POST", "/_ministack/reset"),
        ("GET", "/_ministack/sqs/messages"),
        ("PUT", "/bucket"),
    ],
)
def test_store_answers_requests_of_sdks_only(stack: Stack, method: str, path: str) -> None:
    aws_port = int(stack.aws.endpoint_url.rpartition(":")[2])
    assert ask(aws_port, method, path)[0] == 403


@pytest.mark.parametrize("service", ["AWSLambda", "AWSIoT", "CloudFormation"])
def test_store_runs_no_other_service(stack: Stack, service: str) -> None:
    aws_port = int(stack.aws.endpoint_url.rpartition(":")[2])
    scope = (
        f"Credential=local/20260101/us-east-1/{service.removeprefix('AWS').lower()}/aws4_request"
    )
    status, _, _ = ask(
        aws_port,
        "POST",
        "/2015-03-31/functions",
        X_Amz_Target=f"{service}.ListFunctions",
        Authorization=f"AWS4-HMAC-SHA256 {scope}, SignedHeaders=host, Signature=0",
    )
    assert status >= 400


def test_all_servers_listen_on_the_loopback_address(stack: Stack) -> None:
    del stack
    me = psutil.Process()
    listening = [
        connection.laddr
        for process in (me, *me.children(recursive=True))
        for connection in process.net_connections("tcp")
        if connection.status == psutil.CONN_LISTEN
    ]
    assert len(listening) >= 4, "API, store, broker and the Runtime API of the function"
    assert {address.ip for address in listening} == {LOOPBACK}


def test_store_writes_no_file_outside_the_folder_of_the_run(stack: Stack) -> None:
    # Other tests of this process may have stores of their own.
    port = str(urlsplit(stack.aws.endpoint_url).port)
    store = next(
        child
        for child in psutil.Process().children(recursive=True)
        if port in child.cmdline()
        and any(word.endswith("store_server.py") for word in child.cmdline())
    )
    folder = str(stack.processes.log_folder)
    environment = store.environ()
    assert environment["HOME"] == environment["TMPDIR"] == folder
    assert all(file.path.startswith(folder) for file in store.open_files())
