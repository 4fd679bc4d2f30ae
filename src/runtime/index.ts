/**
 * How things live: lifetimes, child processes, retry schedules, the clock, the log, errors with a kind, systemd.
 * Knows nothing of cameras or scenes. When something here fails it throws a `Fault`; it never logs and goes on.
 */
export * from './apart.ts';
export * from './channel.ts';
export * from './clock.ts';
export * from './deadline.ts';
export * from './errors.ts';
export * from './fault-points.ts';
export * from './ffmpeg.ts';
export * from './lifetime.ts';
export * from './log.ts';
export * from './process.ts';
export * from './recent-lines.ts';
export * from './retry.ts';
export * from './systemd.ts';
export * from './tar.ts';
export * from './tasks.ts';
export * from './wake.ts';
