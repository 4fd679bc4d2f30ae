import type { Rule, RuleSubject, SceneFacts } from '#domain';
import { contrastsOf } from './contrasts.ts';
import { objectStories } from './object-stories.ts';
import { BEFORE_MS, LONG_MS, SHORT_MS, type Story, story } from './story.ts';
import { durationWords, isPlural, placeWords } from './understood.ts';

/** Things that may happen around what a rule is about: such as fire it and such as don't. */
export function storiesOf(rule: Rule): Story[] {
  const { subject } = rule;
  switch (subject.kind) {
    case 'object':
      return objectStories(rule, subject);
    case 'motion':
      return motionStories(rule);
    case 'light':
      return [
        story('the lights go off', [{ forMs: SHORT_MS }, { forMs: SHORT_MS, facts: lit('off') }]),
        story('the lights go on', [{ forMs: SHORT_MS }, { forMs: SHORT_MS, facts: lit('on') }]),
        story('the light stays as it is', [{ forMs: LONG_MS }]),
      ];
    case 'tamper':
      return tamperStories(rule);
    case 'sound':
    case 'microphone':
      return soundStories(rule, subject);
    case 'speech':
      return speechStories(subject);
    case 'text':
      return textStories(subject);
    case 'parts':
      return [];
  }
}

type Subject<Kind extends RuleSubject['kind']> = Extract<RuleSubject, { kind: Kind }>;

function motionStories(rule: Rule): Story[] {
  const where = placeWords(rule.zone);
  const longMs = (rule.forMs ?? LONG_MS) + SHORT_MS;
  const moves = (forMs: number, zones = rule.zone === undefined ? [] : [rule.zone]) => ({
    forMs,
    facts: { motion: { amount: 0.1, regions: [], zones } },
  });
  return [
    story(`something moves in ${where} for 5 seconds`, [{ forMs: BEFORE_MS }, moves(5000), { forMs: SHORT_MS }]),
    story(`something keeps moving in ${where} for ${durationWords(longMs)}`, [{ forMs: BEFORE_MS }, moves(longMs)]),
    story(`nothing moves for ${durationWords(longMs)}`, [{ forMs: longMs }]),
    ...(rule.zone === undefined
      ? [
          story('only the brightness changes, slowly', [
            { forMs: BEFORE_MS },
            { forMs: 5000, facts: { light: { brightness: 0.3 } } },
          ]),
        ]
      : [story(`something moves elsewhere, and not in ${where}`, [{ forMs: BEFORE_MS }, moves(SHORT_MS, [])])]),
  ];
}

function lit(change: 'on' | 'off'): Partial<SceneFacts> {
  return { light: { brightness: change === 'on' ? 0.7 : 0.1, change } };
}

function tamperStories(rule: Rule): Story[] {
  const longMs = (rule.forMs ?? LONG_MS) + SHORT_MS;
  const shortMs = Math.min(5000, (rule.forMs ?? LONG_MS) / 2);
  const kinds = (['covered', 'blurred', 'moved'] as const).map((kind) =>
    story(`the camera is ${kind} for ${durationWords(longMs)}`, [
      { forMs: SHORT_MS },
      { forMs: longMs, facts: { tamper: [kind] } },
    ]),
  );
  const brief = story(`the camera is covered for ${durationWords(shortMs)}`, [
    { forMs: SHORT_MS },
    { forMs: shortMs, facts: { tamper: ['covered'] } },
    { forMs: SHORT_MS },
  ]);
  return [...kinds, brief, story('the camera sees as ever', [{ forMs: longMs }])];
}

function soundStories(rule: Rule, subject: Subject<'sound'> | Subject<'microphone'>): Story[] {
  const longMs = (rule.forMs ?? LONG_MS) + SHORT_MS;
  const hears = (forMs: number, sound: Partial<SceneFacts['sound'] & object>) => ({
    forMs,
    facts: { sound: { sounds: [], levelDb: -60, pack: 'sounds', ...sound } },
  });
  const quiet = (forMs: number) => hears(forMs, {});
  if (subject.kind === 'microphone') {
    const trouble = subject.troubles[0] ?? 'dead';
    return [
      story(
        `the microphone ${trouble === 'dead' ? 'gives no sound at all' : 'is overloaded'} for ${durationWords(longMs)}`,
        [quiet(SHORT_MS), hears(longMs, { trouble })],
      ),
      story(`the microphone is in trouble at first and then hears for ${durationWords(longMs)}`, [
        hears(SHORT_MS, { trouble }),
        quiet(longMs),
      ]),
      story('the microphone hears a silent room', [quiet(longMs)]),
    ];
  }
  const [label = 'noise'] = subject.labels;
  const other = /music/.test(label) ? 'rain' : 'music';
  const sound = (forMs: number, of: string) =>
    hears(forMs, { levelDb: -20, sounds: [{ label: of, score: 0.8, startMs: 0, endMs: 0 }] });
  const [is, goes] = isPlural(subject.name) ? ['are', 'go on'] : ['is', 'goes on'];
  return [
    story(`${subject.name} ${is} heard for 5 seconds after silence`, [
      quiet(BEFORE_MS),
      sound(5000, label),
      quiet(SHORT_MS),
    ]),
    story(`${subject.name} ${goes} for ${durationWords(longMs)}`, [quiet(BEFORE_MS), sound(longMs, label)]),
    story(`${subject.name} ${is} heard, and then nothing for ${durationWords(longMs)}`, [
      sound(SHORT_MS, label),
      quiet(longMs),
    ]),
    story(`it is silent for ${durationWords(longMs)}`, [quiet(longMs)]),
    story(`only ${other} is heard`, [sound(SHORT_MS, other)]),
  ];
}

function speechStories({ words, meant }: Subject<'speech'>): Story[] {
  const said = words.slice(0, 3).map((phrase) => saying(phrase));
  return [
    ...(said.length > 0 ? said : [saying('good morning')]),
    ...(words.length > 0 ? [saying('what a nice day'), saying('see you tomorrow')] : []),
    ...(meant && words[0] !== undefined ? [saying(`no ${words[0]}, thank you`)] : []),
    story('nobody says a word', [{ forMs: LONG_MS }]),
  ];
}

function saying(phrase: string): Story {
  return story(`someone says "${phrase}"`, [{ forMs: 3000, text: phrase, isTranscript: true }]);
}

function textStories({ words, sentence }: Subject<'text'>): Story[] {
  const described = (text: string) => story(`the scene is described as "${text}"`, [{ forMs: SHORT_MS, text }]);
  const half = words.slice(0, Math.floor(words.length / 2)).join(' ');
  return [
    ...(sentence === undefined ? [] : pictureStories(sentence)),
    described(words.join(' ')),
    ...(half === '' ? [] : [described(half)]),
    described('nothing to be seen'),
    described('the same as before'),
  ];
}

function pictureStories(sentence: string): Story[] {
  const [other = 'an empty place'] = contrastsOf(sentence);
  const showing = (forMs: number, sure: number) => ({ forMs, similar: { [sentence]: sure } });
  return [
    story(`the picture looks like "${sentence}" for ${durationWords(SHORT_MS)}`, [
      showing(BEFORE_MS, 0.05),
      showing(SHORT_MS, 0.9),
    ]),
    story(`the picture looks more like "${other}"`, [showing(SHORT_MS, 0.2)]),
    story(`the picture looks like "${sentence}" for a moment only`, [
      showing(BEFORE_MS, 0.05),
      showing(1000, 0.9),
      showing(SHORT_MS, 0.05),
    ]),
  ];
}
