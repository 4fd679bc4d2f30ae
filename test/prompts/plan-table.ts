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

/** Written when the code was there, before these were tried: 29 of 33 were right then, two in another order. */
export const WRITTEN_SECOND: readonly Row[] = [
  ['Describe any vehicles, their colours and licence plates', `${VEHICLE}, ~text, ~colours`],
  ['Note every time a person or an animal shows up', `person, ${ANIMAL}`],
  ['Summarize the scene in one sentence', ''],
  ['Is there a fire extinguisher on the wall?', '+fire extinguisher'],
  ['Identify hard hats and safety vests', '+hard hats, +safety vests'],
  ['a man with an umbrella', 'person, umbrella'],
  ['people wearing masks', 'person, +person wearing masks'],
  ['a woman carrying a red bucket', 'person, +person carrying a red bucket, ~colours'],
  ['Look out for drones and cranes', '+drones, +cranes'],
  ['Monitor the warehouse for smoke, flames and water leaks', '+smoke, +flames, +water leaks'],
  ['Which shops can be seen?', '+shops'],
  ['wheelchairs, strollers and bicycles', 'chair, bicycle, +strollers'],
  ['a truck with a ladder', 'truck, +truck with a ladder'],
  ['Tell when the lights go off', '~light'],
  ['recognise returning visitors', 'person, ~identity'],
  ['Who is in the room?', '~identity'],
  ['Count people', 'person'],
  ['Describe the furniture', 'bed|bench|chair|couch|dining table'],
  ['open windows', '+open windows'],
  ['the broken fence', '+broken fence'],
  ['empty shelves', '+empty shelves'],
  ['List the text on every screen', '~text'],
  ['Track the movement of the forklifts', '+forklifts, ~motion'],
  ['JSON with count and labels', '{count,labels}'],
  ['Return a JSON object containing people_count, is_raining and summary', 'person, {people_count,is_raining,summary}'],
  ['Count the dogs. Output: {"dogs": <int>, "running": <true/false>}', 'dog, {dogs,running}'],
  ['Give one entry per car as JSON array with keys label, colour', 'car, ~colours, [list]'],
  [
    "Return JSON like {'vehicles': [{'type': 'car', 'colour': 'red', 'plate': 'text'}], 'summary': '...'}",
    `${VEHICLE}, car, ~text, ~colours, {vehicles,summary}`,
  ],
  ['Answer only with {"alarm": true/false, "reason": "why"}', '{alarm,reason}'],
  ['Describe the yard (if anything happens)', ''],
  ['', ''],
  ['sdkfj sdlkfj', ''],
  ['What changed since the last frame?', ''],
];

/** Once more before they were tried, in other people's ways of writing: 16 of 20 were right then, one in another order. */
export const WRITTEN_THIRD: readonly Row[] = [
  ['You are a security guard. Describe anybody who enters the building and what they carry.', 'person'],
  ['Please report each delivery van and its licence plate number', 'car|truck, ~text'],
  ['Is anyone smoking?', 'person'],
  ['number of persons, number of bikes', 'person, bicycle|motorcycle'],
  ['Tell me about birds at the feeder', 'bird'],
  ['Spot excavators, bulldozers and dump trucks on the site', 'truck, +excavators, +bulldozers'],
  ['a person lying on the floor', 'person'],
  ['workers wearing helmets and vests', 'person, +person wearing helmets, +person wearing vests'],
  ['red cars only', 'car, ~colours'],
  ['Describe the weather', ''],
  ['fallen trees or branches on the road', '+fallen trees'],
  ['Has the garage door been left open?', ''],
  ['packages on the doorstep', '+packages'],
  [
    'Extract: {"vehicle_count": "integer", "licence_plates": ["string"]}',
    `${VEHICLE}, ~text, {vehicle_count,licence_plates}`,
  ],
  [
    'Give me JSON: number of people, dominant colour, short summary',
    'person, ~colours, {number_of_people,dominant_colour,short_summary}',
  ],
  [
    'Respond in JSON format with the fields "person_present" (boolean) and "description" (string).',
    'person, {person_present,description}',
  ],
  ['Return a JSON list of all vehicles with type and colour', `${VEHICLE}, ~colours, [list]`],
  ['Notice when the camera is dirty or out of focus', '~tamper'],
  ['Who comes back several times a day?', '~identity'],
  ['Describe faces and emotions', '~faces'],
];
