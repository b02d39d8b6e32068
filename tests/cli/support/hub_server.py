"""A small Hub for tests, on the loopback: it speaks as much of the Hub's protocol as models need.

usage: hub_server.py FOLDER
Serves FOLDER/USER/REPO/... and writes its address to FOLDER/address. The word in FOLDER/behaviour
says how it misbehaves; FOLDER/requests gets a line for each request.
"""
import hashlib
import http.server
import json
import pathlib
import sys
import threading
import time

root = pathlib.Path(sys.argv[1])
commit = "0123456789abcdef" * 2 + "01234567"
token = "hf_secret"
busy = {}


def sha256(path):
    return hashlib.sha256(path.read_bytes()).hexdigest()


class Hub(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def do_GET(self):
        self.how = (root / "behaviour").read_text().strip()
        line = [self.path, self.headers.get("Range", "-"), self.headers.get("Authorization", "-")]
        with open(root / "requests", "a") as file:
            file.write(" ".join(line) + "\n")
        if self.path.startswith("/cdn/"):
            return self.send_file(root / self.path[5:].split("?")[0])
        if self.how == "busy" and busy.setdefault(self.path, 0) < 2:
            busy[self.path] += 1
            return self.refuse(429, {"Retry-After": "0"})
        if self.how == "always busy":
            return self.refuse(429, {"Retry-After": "120"})
        if self.how == "broken":
            return self.refuse(404 if "missing" in self.path else 400)
        if self.how == "private" and self.headers.get("Authorization") != "Bearer " + token:
            return self.refuse(401)
        words = self.path.split("?")[0].strip("/").split("/")
        if words[:2] == ["api", "models"] and len(words) > 4:
            return self.api(root / words[2] / words[3], words)
        if len(words) > 4 and words[2] == "resolve":
            return self.resolve(words)
        self.refuse(404)

    def refuse(self, status, headers={}):
        self.reply(status, json.dumps({"error": "no"}).encode(), headers)

    def reply(self, status, body, headers={}):
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def api(self, repository, words):
        if not repository.is_dir():
            return self.refuse(404)
        if self.how == "nonsense":
            return self.reply(200, b"<html>")
        if words[4] == "refs":
            answer = {"branches": [{"name": "old", "targetCommit": "2" * 40}, {"name": "main", "targetCommit": commit}]}
            return self.reply(200, json.dumps(answer).encode())
        entries = [{"type": "directory", "path": "folder", "oid": "0" * 40}]
        if self.how == "hostile":
            entries.append({"type": "file", "path": "../../escape-Q4_K_M.gguf", "oid": "0" * 40, "size": 1})
            entries.append({"type": "file", "path": "odd-Q4_K_M.gguf", "oid": "../../x", "size": 1})
        for path in sorted(p for p in repository.rglob("*") if p.is_file()):
            size = path.stat().st_size + (7 if self.how == "wrong size" else 0)
            hash = "f" * 64 if self.how == "wrong hash" else sha256(path)
            entries.append({"type": "file", "path": str(path.relative_to(repository)), "oid": "1" * 40, "size": size,
                            "lfs": {"oid": hash, "size": size}})
        # Two pages, as the Hub has for many files.
        first = "cursor" not in self.path
        headers = {"Link": f"<http://{self.headers['Host']}{self.path}&cursor=2>; rel=\"next\""} if first else {}
        half = len(entries) // 2
        self.reply(200, json.dumps(entries[:half] if first else entries[half:]).encode(), headers)

    def resolve(self, words):
        path = root / words[0] / words[1] / "/".join(words[4:])
        if words[3] != commit or not path.is_file():
            return self.refuse(404)
        target = f"/cdn/{path.relative_to(root)}?signature=a%2Fb"
        if self.how != "relative":
            host = "localhost" if self.headers["Host"].startswith("127") else "127.0.0.1"
            target = f"http://{host}:{self.server.server_port}{target}"
        if self.how == "circle":
            target = self.path
        etag = "e" * 64 if self.how == "two hashes" else sha256(path)
        self.reply(302, b"", {"Location": target, "X-Linked-Etag": f'"{etag}"'})

    def send_file(self, path):
        data = path.read_bytes()
        start = 0
        asked = self.headers.get("Range")
        if asked and self.how != "no ranges":
            start = int(asked[len("bytes="):].split("-")[0])
        status = 206 if start else 200
        body = data[start:]
        if self.how == "more":
            body += b"more"
        if self.how == "other bytes":
            body = bytes(len(body))
        self.send_response(status)
        if status == 206:
            self.send_header("Content-Range", f"bytes {start}-{len(data) - 1}/{len(data)}")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.how == "cut":  # a third of the file each time
            body = body[:len(data) // 3 + 1]
            self.close_connection = True
        for i in range(0, len(body), 65536):
            self.wfile.write(body[i:i + 65536])
            if self.how == "slow":
                self.wfile.flush()
                time.sleep(0.3)


server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Hub)
(root / "address.new").write_text(f"http://127.0.0.1:{server.server_port}")
(root / "address.new").rename(root / "address")
threading.Thread(target=server.serve_forever, daemon=True).start()
sys.stdin.read()  # ends with the script that started it
