/**
 * The commands of `watchpost`. Each is one function that prints to stdout, throws a `Fault` when it can't do its work,
 * and ends when its signal aborts. Tables and colours only on a terminal; piped output is tab-separated.
 */
export { runCli } from './program.ts';
