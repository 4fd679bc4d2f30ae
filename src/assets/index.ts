/**
 * Media that isn't live: exports of recordings and uploads, each a folder of HLS (docs/decisions/0006). Owns the assets
 * directory, ingest by ffmpeg, thumbnails and the indexes over assets; the work itself runs as jobs.
 *
 * Promises: a folder is complete and on disk before its row is written; what a crash left is removed at the next start
 * and the job begun again. The recorder comes first: ffmpeg runs at low priority, assets never take more than half of the
 * disk or what keeps recordings going. Input from outside is never trusted: what it is, ffprobe says, and no file is read
 * that it names. What is damaged or gone is passed over and said. A hanging ffmpeg is ended after a minute of silence; its
 * job fails with a reason that a person can act on.
 */
export { cleanAssets } from './clean.ts';
export type { AssetDeps } from './deps.ts';
export type { DescribeInput } from './describe.ts';
export { exportableRange } from './export.ts';
export { fetchBytes } from './fetch.ts';
export { makeFolder, playlistOf, runsOf } from './folder.ts';
export { assetHandlers } from './handlers.ts';
export { spokenWords } from './index-spoken-words.ts';
export { RoomWatch } from './room-watch.ts';
export { type Seen, seenIn } from './seen.ts';
export { isDiskFull, makeRoom, noRoom } from './space.ts';
export { assetThumbnail, enterWithThumbnail, keepThumbnail } from './thumbnail.ts';
export { demandUploadRoom, nameUpload, readUpload, receiveUpload, sweepUploads, uploadName } from './uploads.ts';
export { wholePieces } from './whole.ts';
export { writtenPieces } from './written-pieces.ts';
