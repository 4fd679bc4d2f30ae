/**
 * Recorded time ranges and assets as HLS: playlists over stored segments and pieces, what is said in them as captions,
 * and the signed links by which a player without an API key reaches them, and H.264 for players without H.265. Owns the token's form and nothing on disk; what is recorded comes in as rows.
 *
 * Promises: a token opens one range of one stream, asset or cut until it expires and nothing else; a playlist names only segments of
 * the range, marks every gap and change of session, and ends when the range is past. A wrong, altered or expired token
 * verifies as undefined.
 */
export { captionEndMs, captionsOf, captionWords, spokenIn } from './captions.ts';
export { type ClipRow, demandOneForm, openClip } from './clip.ts';
export { H264Renditions, type MediaFiles, needsH264 } from './h264.ts';
export { LINKS_LAST_MS, MediaLinks, type MediaTicket, type Player } from './links.ts';
export { buildLowLatencyPlaylist } from './low-latency-playlist.ts';
export { buildMasterPlaylist } from './master-playlist.ts';
export { pastPicture } from './past-picture.ts';
export { buildCutPlaylist, buildPlaylist, type PlayedPart } from './playlist.ts';
export { nothingRecorded, playableRange, type TimeRange } from './range.ts';
export { captionsWithin, subRip, type TimeMap, webVtt } from './subtitles.ts';
