"""A stand-in camera: serves one MP4/MOV at rtsp://127.0.0.1:PORT/NAME by stream copy, in real time, on loopback only.

Prints {"ready": true, "port": N} when it listens and exits when its stdin closes. Playback starts from the beginning
with the first client; later clients join it. Credentials come in WATCHPOST_RTSP_USER and WATCHPOST_RTSP_PASSWORD.
"""
import argparse
import json
import os
import sys

import gi

gi.require_version("Gst", "1.0")
gi.require_version("GstPbutils", "1.0")
gi.require_version("GstRtsp", "1.0")
gi.require_version("GstRtspServer", "1.0")
from gi.repository import GLib, Gst, GstPbutils, GstRtsp, GstRtspServer  # noqa: E402

PAYLOADERS = {
    "video/x-h264": "h264parse ! rtph264pay config-interval=-1",
    "video/x-h265": "h265parse ! rtph265pay config-interval=-1",
    "image/jpeg": "jpegparse ! rtpjpegpay",
    "audio/mpeg": "aacparse ! rtpmp4gpay",
    "audio/x-alaw": "rtppcmapay",
    "audio/x-mulaw": "rtppcmupay",
    "audio/x-opus": "opusparse ! rtpopuspay",
}


def pipeline(file):
    """The launch line that demuxes and payloads every stream of the file that RTP can carry."""
    info = GstPbutils.Discoverer.new(10 * Gst.SECOND).discover_uri(Gst.filename_to_uri(file))
    parts = [f'filesrc location="{file}" ! qtdemux name=demux']
    for kind, streams in (("video", info.get_video_streams()), ("audio", info.get_audio_streams())):
        for stream in streams[:1]:
            payloader = PAYLOADERS.get(stream.get_caps().get_structure(0).get_name())
            if payloader:
                pay = len(parts) - 1
                parts.append(f"demux.{kind}_0 ! queue name=queue{pay} ! {payloader} name=pay{pay} pt={96 + pay}")
    return "( " + " ".join(parts) + " )"


def protect(server, factory, user, password):
    """Only this user may play; digest authentication, as cameras do."""
    token = GstRtspServer.RTSPToken()
    token.set_string("media.factory.role", "viewer")
    auth = GstRtspServer.RTSPAuth()
    auth.set_supported_methods(GstRtsp.RTSPAuthMethod.DIGEST)
    auth.add_digest(user, password, token)
    server.set_auth(auth)
    permissions = GstRtspServer.RTSPPermissions()
    permissions.add_permission_for_role("viewer", "media.factory.access", True)
    permissions.add_permission_for_role("viewer", "media.factory.construct", True)
    factory.set_permissions(permissions)


def refuse_seeks(_factory, media):
    """A camera can't be rewound: without this, every further client's PLAY would start the file anew for all."""

    def refuse(_pad, info):
        if info.type & Gst.PadProbeType.QUERY_UPSTREAM:
            refused = info.get_query().type == Gst.QueryType.SEEKING
        else:
            refused = info.get_event().type == Gst.EventType.SEEK
        return Gst.PadProbeReturn.DROP if refused else Gst.PadProbeReturn.OK

    upstream = Gst.PadProbeType.QUERY_UPSTREAM | Gst.PadProbeType.EVENT_UPSTREAM
    for name in ("queue0", "queue1"):
        queue = media.get_element().get_by_name(name)
        if queue:
            queue.get_static_pad("sink").add_probe(upstream, refuse)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--file", required=True)
    parser.add_argument("--name", required=True)
    parser.add_argument("--port", type=int, default=0)
    options = parser.parse_args()
    Gst.init(None)
    loop = GLib.MainLoop()
    server = GstRtspServer.RTSPServer()
    server.set_address("127.0.0.1")
    server.set_service(str(options.port))
    factory = GstRtspServer.RTSPMediaFactory()
    factory.set_launch(pipeline(os.path.abspath(options.file)))
    factory.set_shared(True)
    factory.connect("media-configure", refuse_seeks)
    user = os.environ.get("WATCHPOST_RTSP_USER")
    if user:
        protect(server, factory, user, os.environ.get("WATCHPOST_RTSP_PASSWORD", ""))
    server.get_mount_points().add_factory("/" + options.name, factory)
    if not server.attach(None):
        sys.exit(f"can't listen on 127.0.0.1:{options.port}")
    GLib.io_add_watch(0, GLib.PRIORITY_DEFAULT, GLib.IO_HUP | GLib.IO_ERR, lambda *_: loop.quit())
    print(json.dumps({"ready": True, "port": server.get_bound_port()}), flush=True)
    loop.run()


main()
