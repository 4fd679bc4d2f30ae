/**
 * What people write for indexes, and what it must mean: the first list was written before anybody looked at what the
 * code does with it (31 of 37 were right then; the meanings of five were changed since: what keys of a JSON name is asked
 * for too, gibberish is looked for by nobody, a minivan may be seen as a truck). A meaning reads: labels of what is told
 * of, `+phrase`, `~aspect`, `{keys of the JSON}`.
 */
export type Row = readonly [prompt: string, meaning: string];

const VEHICLE = 'bus|car|motorcycle|truck';
const ANIMAL = 'bear|bird|cat|cow|dog|elephant|giraffe|horse|sheep|zebra';

export const WRITTEN_FIRST: readonly Row[] = [
  ['What happens?', ''],
  ['Describe the scene', ''],
  ['describe what you see in detail', ''],
  ['Describe people and vehicles', `person, ${VEHICLE}`],
  ['people', 'person'],
  ['Track every vehicle that passes', `${VEHICLE}`],
  ['Look for dogs and cats', 'dog, cat'],
  ['any animal in the garden', `${ANIMAL}`],
  ['Monitor the forklift in the yard', '+forklift'],
  ['person with a helmet', 'person, +person with a helmet'],
  ['workers without a safety vest', 'person, +person with a safety vest'],
  ['a ladder against the wall', '+ladder'],
  ['Read the licence plates of cars', 'car, ~text'],
  ['What text is on the signs?', '~text'],
  ['read every street sign', '~text'],
  ['How many people are there and what are they doing?', 'person, ~activity'],
  ['Describe the clothing colours of each person', 'person, ~colours'],
  ['count the faces', '~faces'],
  ['tell whether someone is looking at the camera', 'person, ~faces'],
  ['does the same person come back?', 'person, ~identity'],
  ['Are the lights on?', '~light'],
  ['is the camera covered or moved', '~tamper'],
  ['watch for movement', '~motion'],
  ['taxis, minivans and lorries', 'car, car|truck, truck'],
  ['someone carrying a ladder', 'person, +person carrying a ladder'],
  ['fire or smoke', '+fire, +smoke'],
  ['an open gate', '+open gate'],
  [
    'Describe what people do. Return JSON with keys count, colour and summary.',
    'person, ~colours, ~activity, {count,colour,summary}',
  ],
  ['Return the number of cars as JSON', 'car, {count}'],
  [
    'Describe the screen. Return JSON: { "app_name": "name of the app", "contains_text": true/false, "ui_elements": ["list of elements"] }',
    '~text, {app_name,contains_text,ui_elements}',
  ],
  ['Answer as {"people": 0, "vehicles": 0}', `person, ${VEHICLE}, {people,vehicles}`],
  ['Was any red car parked? Reply with JSON {"red_car": true}', 'car, ~colours, {red_car}'],
  ['Give me a list of the animals as a JSON array', `${ANIMAL}, [list]`],
  ['asdf qwer', ''],
  ['Detect luggage left alone', 'backpack|handbag|suitcase'],
  ['a toddler near the pool', 'person'],
  ['Beschreibe die Szene', ''],
];
