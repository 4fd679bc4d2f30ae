/** `npm run test:faults` takes everything; CI what is quick. */
export const isFull: boolean = process.env['WATCHPOST_FAULTS'] === 'full';
