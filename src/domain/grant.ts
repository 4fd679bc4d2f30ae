/** By what somebody came in: an API key, or a session token that was made with it. Ends with either. */
export interface Grant {
  keyId: number;
  /** Of the session token; absent for the key itself. */
  tokenId?: string;
}

export function sameGrant(one: Grant, other: Grant): boolean {
  return one.keyId === other.keyId && one.tokenId === other.tokenId;
}
