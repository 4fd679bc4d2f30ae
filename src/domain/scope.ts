/**
 * What an API key may do: `all` everything but sending as another box, `read` look and search, `control` what `read` may
 * and everything under /v1/control/, `edge` send what another box stores.
 */
export const SCOPES = ['all', 'read', 'control', 'edge'] as const;
export type Scope = (typeof SCOPES)[number];

const OPENED_BY: Record<Scope, readonly Scope[]> = {
  all: ['all'],
  read: ['all', 'read', 'control'],
  control: ['all', 'control'],
  edge: ['edge'],
};

/** Whether somebody with these scopes may do what needs one. */
export function allows(scopes: readonly Scope[], need: Scope): boolean {
  return OPENED_BY[need].some((scope) => scopes.includes(scope));
}

/** What both of two may do. */
export function commonScopes(some: readonly Scope[], others: readonly Scope[]): Scope[] {
  return SCOPES.filter((scope) => allows(some, scope) && allows(others, scope));
}
