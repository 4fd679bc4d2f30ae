/** What a row of the list of alerts asks of the box. */
export interface ArmingRequest {
  method: 'PUT' | 'PATCH' | 'DELETE';
  path: string;
  body?: object;
}

/** Asks it, and shows what has come of it; the row is busy meanwhile. */
export type Change = (row: HTMLElement, request: ArmingRequest) => void;
