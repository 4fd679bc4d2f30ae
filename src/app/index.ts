/**
 * The composition root: builds everything below in order and returns one thing to dispose. Nothing is decided here
 * but the order; read `appliance.ts` as the table of contents.
 */
export { type Appliance, type ApplianceOptions, runAppliance } from './appliance.ts';
export { checkCameras, type UnderstoodEvent } from './check-cameras.ts';
export { holdDataDir } from './data-lock.ts';
export { examine, examineApart, type Finding } from './doctor.ts';
export { grantKey } from './keys.ts';
export { publicOrigin } from './links.ts';
export { modelsDir } from './places.ts';
export { repair } from './repair.ts';
