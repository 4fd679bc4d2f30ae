import type { Rule, RulePart } from '#domain';
import type { Piece } from './follow.ts';
import type { RuleState } from './state.ts';
import { bareName, directionWords, durationWords, isPlural, looking, placeWords, withArticle } from './understood.ts';

/** One sentence: what, where, when and how sure. */
export function explain(rule: RulePart, state: RuleState, when: Piece, confidence: number): string {
  const sure = `(${rule.subject.kind === 'object' && state.tier === 'object' ? 'score' : 'confidence'} ${confidence.toFixed(2)})`;
  const text = what(rule, state, when);
  return `${text.charAt(0).toUpperCase()}${text.slice(1)} ${sure}.`;
}

/** The same without a capital and a full stop. */
export function what(rule: RulePart, state: Pick<RuleState, 'name' | 'tier' | 'level'>, when: Piece): string {
  const { subject, relation } = rule;
  const where = placeWords(rule.zone);
  const around = `around ${timeOfDay(when.startMs)}`;
  const since = `for ${durationWords(roundSeconds(when.endMs - when.startMs))}, since ${timeOfDay(when.startMs)}`;
  if (subject.kind === 'light') return `the lights went ${subject.change} ${around}`;
  if (subject.kind === 'tamper') return `the camera was ${subject.tampers.join(' or ')} ${around}`;
  if (subject.kind === 'speech') return `someone ${state.name} ${around}`;
  if (subject.kind === 'microphone') return `the microphone ${state.name} ${relation === 'stays' ? since : around}`;
  if (subject.kind === 'sound') return heard(relation, state.name, bareName(subject.name), around, since);
  if (subject.kind === 'text') return `${state.name} ${around}`;
  if (subject.kind === 'motion') {
    if (relation === 'absent') return `nothing has moved in ${where} ${since}`;
    return relation === 'stays'
      ? `something kept moving in ${where} ${since}`
      : `something moved in ${where} ${around}`;
  }
  if (state.tier === 'motion')
    return `something moved in ${where} ${around}; no object detector was running, so what it was is not known`;
  return subject.kind === 'object' ? objectPhrase(rule, subject.name, state, { where, around, since }) : '';
}

function objectPhrase(
  rule: RulePart,
  asked: string,
  state: Pick<RuleState, 'name' | 'level'>,
  { where, around, since }: { where: string; around: string; since: string },
): string {
  const name = withArticle(looking(state.name, rule));
  const phrases: Record<Rule['relation'], string> = {
    present: `${name} was in ${where} ${around}`,
    appears: `${name} appeared in ${where} ${around}`,
    enters: `${name} came into ${where} ${around}`,
    leaves: `${name} left ${where} ${around}`,
    crosses: `${name} came through ${where} ${around}`,
    stays: `${name} stayed in ${where} ${since}`,
    absent: `no ${looking(asked.replace('someone', 'person'), rule)} has been in ${where} ${since}`,
    count: `${state.level} × ${looking(state.name, rule)} at once in ${where} ${rule.forMs === undefined ? around : since}`,
    moves: `${name} moved ${directionWords(rule.direction ?? 'towards')} ${around}`,
    approaches: `${name} got nearer to ${rule.zone === undefined ? 'the camera' : where} ${around}`,
  };
  return phrases[rule.relation];
}

function heard(relation: Rule['relation'], name: string, asked: string, around: string, since: string): string {
  const was = isPlural(name) ? 'were' : 'was';
  if (relation === 'absent') return `no ${asked} has been heard ${since}`;
  if (relation === 'stays') return `${name} ${was} heard ${since}`;
  return `${name} ${was} ${relation === 'leaves' ? 'no longer ' : ''}heard ${around}`;
}

function timeOfDay(ms: number): string {
  return `${new Date(ms).toISOString().slice(11, 19)} UTC`;
}

function roundSeconds(ms: number): number {
  return Math.max(1, Math.round(ms / 1000)) * 1000;
}
