/** Signing in and out: the session is a cookie, which scripts can't read. Nothing secret stays in the page. */
import { Api, getPublic } from './api.ts';

/** What somebody signs in with, be it typed or in the address. */
export type Pass = { key: string } | { code: string };

/** Whether this browser has a session that holds. */
export async function isSignedIn(): Promise<boolean> {
  return (await getPublic<{ signed_in: boolean }>('/v1/session')).signed_in;
}

/** Throws an `ApiError` when the box doesn't accept it. */
export async function signIn(pass: Pass, remember: boolean): Promise<void> {
  await new Api().post('/v1/session', { ...pass, remember });
}

export async function signOut(): Promise<void> {
  await new Api().send('DELETE', '/v1/session');
}

/** A code is digits alone; everything else is a key. */
export function passOf(typed: string): Pass {
  const text = typed.trim();
  return /^\d{4}[\s-]?\d{4}$/.test(text) ? { code: text } : { key: text };
}

/** The pass in a fragment such as `#code=…` or `#key=sk-…`; undefined when there is none. */
export function passInFragment(fragment: string): Pass | undefined {
  const given = new URLSearchParams(fragment.replace(/^#/, ''));
  const [key, code] = [given.get('key')?.trim(), given.get('code')?.trim()];
  if (key) return { key };
  return code ? { code } : undefined;
}
