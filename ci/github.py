#!/usr/bin/env python3
"""What action.yml runs: verifies what a GitHub event is about, and says so on the commit.

Reads objects only: nothing of a pull request is checked out or run. `countersign` must be on the PATH. Inputs, from
the environment: ROOT (the pinned root digest), WAITING (`fail`, or `pass` where a merge queue follows), TOKEN.
Exit status as of `countersign verify`.
"""

import base64
import json
import os
import pathlib
import subprocess
import sys
import tempfile
import urllib.error
import urllib.request

PULLS = ("pull_request", "pull_request_target", "pull_request_review")
COMMAND = "/countersign"
# GitHub takes no more of a status line.
DESCRIPTION = 140
TIMEOUT = 30


class Api:
    """GitHub's API, with the job's token."""

    def __init__(self, env):
        self.base = f"{env['GITHUB_API_URL']}/repos/{env['GITHUB_REPOSITORY']}"
        self.token = env["TOKEN"]

    def ask(self, path, body=None):
        headers = {"Authorization": f"Bearer {self.token}", "Accept": "application/vnd.github+json"}
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(f"{self.base}/{path}", data, headers)
        with urllib.request.urlopen(request, timeout=TIMEOUT) as answer:
            return json.load(answer)


def pull_request_of(event, api):
    """The pull request that a comment `/countersign` is on; None for any other comment."""
    issue = event.get("issue", {})
    asked = event.get("comment", {}).get("body", "").strip() == COMMAND
    if not asked or "pull_request" not in issue:
        return None
    return api.ask(f"pulls/{int(issue['number'])}")


def repository(env, folder):
    """An empty repository beside the real one, with the token for its remote in its own configuration."""
    def git(*arguments):
        subprocess.run(["git", "-C", folder, *arguments], check=True)

    git("init", "-q", "--bare")
    server = env["GITHUB_SERVER_URL"]
    git("remote", "add", "origin", f"{server}/{env['GITHUB_REPOSITORY']}")
    basic = base64.b64encode(f"x-access-token:{env['TOKEN']}".encode()).decode()
    print(f"::add-mask::{basic}", flush=True)
    config = pathlib.Path(folder, "config")
    # Not as an argument, which others on the machine could read.
    with config.open("a") as file:
        file.write(f'[http "{server}/"]\n\textraheader = AUTHORIZATION: basic {basic}\n')


def verify(env, event, event_name, folder):
    """The exit status and the verdict of `countersign verify`."""
    event_path, verdict_path = (pathlib.Path(folder, name) for name in ("event.json", "verdict.json"))
    event_path.write_text(json.dumps(event))
    command = ["countersign", "-C", folder, "verify", "--fetch", "--root", env["ROOT"], "--format", "github",
               "-o", f"json={verdict_path}"]
    if env.get("GITHUB_STEP_SUMMARY"):
        command += ["-o", f"markdown={env['GITHUB_STEP_SUMMARY']}"]
    inner = {**env, "GITHUB_ACTIONS": "true", "GITHUB_EVENT_NAME": event_name, "GITHUB_EVENT_PATH": str(event_path)}
    inner.pop("TOKEN")
    status = subprocess.run(command, env=inner).returncode
    try:
        return status, json.loads(verdict_path.read_text())
    except (OSError, ValueError):
        return status, {"result": "undecided", "message": "countersign did not run"}


def described(verdict):
    """GitHub's state, and a line for people."""
    if verdict["result"] == "verified":
        return "success", "verified"
    if verdict["result"] != "refused":
        return "error", f"could not decide: {verdict.get('message', '')}"
    told = []
    for unit in verdict["units"]:
        for finding in unit["findings"]:
            if finding["effect"] != "warns":
                who = f" ({', '.join(finding['who'])})" if finding["who"] else ""
                told.append("; ".join(finding["missing"]) + who if finding["missing"] else finding["title"])
    word, state = ("waiting", "pending") if verdict["waiting"] else ("refused", "failure")
    return state, f"{word}: {'; '.join(dict.fromkeys(told))}"


def head_and_target(event, event_name):
    """The commit that gets the status, and the branch in its name."""
    if event_name in PULLS:
        pull = event["pull_request"]
        return pull["head"]["sha"], pull["base"]["ref"]
    if event_name == "merge_group":
        return event["merge_group"]["head_sha"], event["merge_group"]["base_ref"]
    return event["after"], event["ref"]


def tell(api, verdict, event, event_name, env):
    head, target = head_and_target(event, event_name)
    state, text = described(verdict)
    short = text if len(text) <= DESCRIPTION else text[: DESCRIPTION - 1] + "…"
    run = f"{env['GITHUB_SERVER_URL']}/{env['GITHUB_REPOSITORY']}/actions/runs/{env.get('GITHUB_RUN_ID', '')}"
    name = f"countersign ({target.removeprefix('refs/heads/')})"
    try:
        api.ask(f"statuses/{head}", {"state": state, "description": short, "context": name, "target_url": run})
    except (urllib.error.URLError, OSError) as error:
        # The job's own result stands; the status is for people.
        print(f"::warning::no status on the commit: {error}", flush=True)


def main(env):
    api = Api(env)
    event_name = env["GITHUB_EVENT_NAME"]
    event = json.loads(pathlib.Path(env["GITHUB_EVENT_PATH"]).read_text())
    if event_name == "issue_comment":
        pull = pull_request_of(event, api)
        if pull is None:
            print("Not a comment for countersign.")
            return 0
        event, event_name = {"pull_request": pull}, "pull_request"
    if event_name not in (*PULLS, "merge_group", "push"):
        print(f"::error::countersign: nothing to judge in the event {event_name}")
        return 2
    with tempfile.TemporaryDirectory() as folder:
        repository(env, folder)
        status, verdict = verify(env, event, event_name, folder)
    tell(api, verdict, event, event_name, env)
    if status == 1 and verdict.get("waiting") and env.get("WAITING") == "pass" and event_name in PULLS:
        return 0
    return status if status in (0, 1) else 2


if __name__ == "__main__":
    sys.exit(main(dict(os.environ)))
