/**
 * Streams that are sent to the box. Publishers (RTMP, RTSP over TCP) are taken in by a process of its own, so that neither
 * its end nor what it is sent reaches the recorder; from there the camera layer reads them at an address of this machine,
 * as it does any camera. Who publishes knows the stream's key; who reads, another one, and is on this machine. When the
 * process ends another takes its place, and publishers connect anew. Nothing is kept here, and no picture is looked at.
 */
export { PushServer } from './push-server.ts';
