/**
 * The other end of sync: what other boxes send to this one, kept so that it is searched and watched like its own, and the
 * commands that they are given.
 */
export {};
