"""OpenStack Swift with its S3 API, all of it in one process, on loopback: a real S3 server.

Usage: /usr/bin/python3 s3-server.py DIR. Prints "ready PORT" when it listens, and ends with its standard input; its
data lie in DIR. The key "test:tester"
with the secret "testing" may do everything, "test:reader" with "reading" nothing. Buckets are also known as
BUCKET.s3.test.
"""

import os

import eventlet

eventlet.monkey_patch(os=False)

import sys

from eventlet import wsgi
from eventlet.patcher import original
from paste.deploy import loadapp
from swift.common import utils
from swift.common.ring import RingBuilder

BASE = os.path.abspath(sys.argv[1])
COMMON = f"[DEFAULT]\nswift_dir = {BASE}\ndevices = {BASE}/devices\nmount_check = false\n"
PLAIN = ["catch_errors", "copy", "slo", "dlo"]
PROXY = f"""{COMMON}
[pipeline:main]
pipeline = catch_errors s3api tempauth copy slo dlo proxy-server
[app:proxy-server]
use = egg:swift#proxy
account_autocreate = true
[filter:tempauth]
use = egg:swift#tempauth
user_test_tester = testing .admin
user_test_reader = reading
[filter:s3api]
use = egg:swift#s3api
storage_domain = s3.test
""" + "".join(f"[filter:{each}]\nuse = egg:swift#{each}\n" for each in PLAIN)


class Memory:
    """What Swift would keep in memcached."""

    def __init__(self):
        self.kept = {}

    def get(self, key, **_):
        return self.kept.get(key)

    def set(self, key, value, **_):
        self.kept[key] = value

    def delete(self, key, **_):
        self.kept.pop(key, None)

    def incr(self, key, delta=1, **_):
        self.kept[key] = int(self.kept.get(key) or 0) + delta
        return self.kept[key]


def write(name, text):
    with open(f"{BASE}/{name}", "w") as file:
        file.write(text)


def application(name):
    return loadapp(f"config:{BASE}/{name}.conf")


def start_storage(kind):
    listener = eventlet.listen(("127.0.0.1", 0))
    builder = RingBuilder(2, 1, 1)
    device = {"region": 1, "zone": 1, "weight": 1, "device": "d1", "ip": "127.0.0.1"}
    builder.add_dev({**device, "port": listener.getsockname()[1]})
    builder.rebalance()
    builder.get_ring().save(f"{BASE}/{kind}.ring.gz")
    write(f"{kind}.conf", f"{COMMON}[app:main]\nuse = egg:swift#{kind}\nfallocate_reserve = 0\n")
    return listener


def end_with_parent():
    os.read(0, 1)
    os._exit(0)


def main():
    original("threading").Thread(target=end_with_parent, daemon=True).start()
    os.makedirs(f"{BASE}/devices/d1", exist_ok=True)
    write("swift.conf", "[swift-hash]\nswift_hash_path_suffix = test\n")
    utils.SWIFT_CONF_FILE = f"{BASE}/swift.conf"
    utils.validate_hash_conf()
    listeners = {kind: start_storage(kind) for kind in ("object", "container", "account")}
    for kind, listener in listeners.items():
        eventlet.spawn(wsgi.server, listener, application(kind), log_output=False)
    write("proxy.conf", PROXY)
    proxy, memory = application("proxy"), Memory()

    def remembering(env, start_response):
        env["swift.cache"] = memory
        return proxy(env, start_response)

    front = eventlet.listen(("127.0.0.1", 0))
    print(f"ready {front.getsockname()[1]}", flush=True)
    wsgi.server(front, remembering, log_output=False)


main()
