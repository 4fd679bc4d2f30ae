import { readdir } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { type Face, facesOf } from './font-file.ts';

/** Where fontconfig looks on Debian, and so libass. */
const folders = () => ['/usr/share/fonts', '/usr/local/share/fonts', join(homedir(), '.fonts')];
const FONT_FILE = /\.(ttf|otf|ttc|otc)$/i;

/** The installation brings it. */
const ALWAYS_THERE = 'DejaVu Sans';
/** Where somebody has removed it. */
const ELSE = ['Liberation Sans', 'Noto Sans', 'DejaVu Sans Mono'];
const ARIAL = ['Liberation Sans', 'Nimbus Sans'];
const SERIF = ['DejaVu Serif', 'Liberation Serif'];
const MONO = ['DejaVu Sans Mono', 'Liberation Mono'];
/** What stands for a family without a loss that anyone would see. */
const SAME: ReadonlyMap<string, string[]> = new Map([
  ['arial', ARIAL],
  ['helvetica', ARIAL],
  ['times new roman', ['Liberation Serif', 'Nimbus Roman']],
  ['times', ['Liberation Serif', 'Nimbus Roman']],
  ['courier new', ['Liberation Mono', 'Nimbus Mono PS']],
  ['courier', ['Liberation Mono', 'Nimbus Mono PS']],
  ['verdana', [ALWAYS_THERE]],
  ['sans', [ALWAYS_THERE]],
  ['sans-serif', [ALWAYS_THERE]],
  ['serif', SERIF],
  ['monospace', MONO],
]);
const NEXT_BEST: ReadonlyMap<string, string[]> = new Map([['georgia', SERIF]]);
const PACKAGES: ReadonlyMap<string, string> = new Map([
  ['arial', 'fonts-liberation'],
  ['clear sans', 'fonts-clear-sans'],
  ['courier new', 'fonts-liberation'],
  ['hack', 'fonts-hack'],
  ['helvetica', 'fonts-liberation'],
  ['inter', 'fonts-inter'],
  ['jetbrains mono', 'fonts-jetbrains-mono'],
  ['lato', 'fonts-lato'],
  ['noto sans', 'fonts-noto-core'],
  ['noto sans cjk jp', 'fonts-noto-cjk'],
  ['noto sans cjk sc', 'fonts-noto-cjk'],
  ['noto serif', 'fonts-noto-core'],
  ['open sans', 'fonts-open-sans'],
  ['roboto', 'fonts-roboto'],
  ['roboto slab', 'fonts-roboto-slab'],
  ['times new roman', 'fonts-liberation'],
]);
/** In ems, where no font of this box has the character: as wide as East Asian ones are, and as others about are. */
const [WIDE_EM, USUAL_EM] = [1, 0.6];
const WIDE =
  /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Hangul}\u3000-\u303f\uff00-\uff60\p{Emoji_Presentation}]/u;
const INVISIBLE = /[\p{Mark}\p{Cf}]/u;

/** A family that this box has, in one weight and slant. Sizes are those of ems, as VideoDB and browsers count them. */
export interface Font {
  family: string;
  /** The size by which ASS knows it: the height of its lines. */
  lineHeight: (size: number) => number;
  widthOf: (text: string, size: number) => number;
  /** Says what is used instead of what was asked for. */
  note?: string;
}

/** Each that lends glyphs keeps its tables in memory. */
const MOST_LENDERS = 4;

const known = new Map<string, Face[]>();

/** The fonts of this box, as they are now. */
export async function installedFonts(places: readonly string[] = folders()): Promise<Fonts> {
  const faces: Face[] = [];
  for (const folder of places) {
    const files = await readdir(folder, { recursive: true }).catch(() => []);
    for (const file of files.filter((name) => FONT_FILE.test(name)).toSorted()) {
      const path = join(folder, file);
      const ofFile = known.get(path) ?? (await facesOf(path));
      known.set(path, ofFile);
      faces.push(...ofFile);
    }
  }
  return new Fonts(faces);
}

/** Chooses among faces by name, weight and slant; what is missing is replaced, never an error. */
export class Fonts {
  readonly #families = new Map<string, { name: string; faces: Face[] }>();
  readonly #eastAsian: readonly Face[];

  constructor(faces: readonly Face[]) {
    this.#eastAsian = faces.filter(({ isEastAsian }) => isEastAsian).slice(0, MOST_LENDERS);
    for (const face of faces) {
      for (const name of face.families) {
        const family = this.#families.get(name.toLowerCase()) ?? { name, faces: [] };
        family.faces.push(face);
        this.#families.set(name.toLowerCase(), family);
      }
    }
  }

  /** Of families, each with its weights and slants; in order. */
  names(): string[] {
    const kinds = (faces: readonly Face[]) => faces.map(({ weight, italic }) => `${weight}${italic ? 'i' : ''}`).sort();
    return [...this.#families].map(([name, { faces }]) => `${name} ${kinds(faces).join(' ')}`).sort();
  }

  choose(asked: string, weight = 400, italic = false): Font {
    const key = asked.trim().toLowerCase();
    const exact = this.#firstOf([key, ...(SAME.get(key) ?? [])]);
    const used =
      exact ?? this.#firstOf([...(NEXT_BEST.get(key) ?? []), ALWAYS_THERE, ...ELSE, ...this.#families.keys()]);
    const face = used && nearest(used.faces, weight, italic);
    const family = plainName(used?.name ?? asked);
    const widths = new Map<string, number>();
    return {
      family,
      lineHeight: (size) => size * (face?.lineHeight ?? 1.2),
      widthOf: (text, size) => Array.from(text).reduce((sum, char) => sum + size * this.#known(char, face, widths), 0),
      ...(exact ? {} : { note: noteOf(asked, key, family) }),
    };
  }

  #firstOf(names: readonly string[]): { name: string; faces: Face[] } | undefined {
    return names.map((name) => this.#families.get(name.toLowerCase())).find((family) => family !== undefined);
  }

  #known(char: string, face: Face | undefined, widths: Map<string, number>): number {
    const width = widths.get(char) ?? this.#widthOf(char, face);
    widths.set(char, width);
    return width;
  }

  /** In ems of the face; libass sets the glyphs of other fonts so that their lines are as high. */
  #widthOf(char: string, face: Face | undefined): number {
    if (INVISIBLE.test(char)) return 0;
    const codePoint = char.codePointAt(0) ?? 0;
    const own = face?.widthOf(codePoint);
    if (own !== undefined) return own;
    if (!WIDE.test(char)) return USUAL_EM;
    const other = this.#eastAsian.find((some) => some.widthOf(codePoint) !== undefined);
    if (!other) return WIDE_EM;
    return ((other.widthOf(codePoint) ?? WIDE_EM) * (face?.lineHeight ?? other.lineHeight)) / other.lineHeight;
  }
}

function nearest(faces: readonly Face[], weight: number, italic: boolean): Face | undefined {
  const distance = (face: Face) => Math.abs(face.weight - weight) + (face.italic === italic ? 0 : 1000);
  return faces.toSorted((a, b) => distance(a) - distance(b))[0];
}

/** As it may stand in a line of an ASS document. */
function plainName(name: string): string {
  return name.replace(/[\p{Cc},{}\\]/gu, ' ').trim();
}

function noteOf(asked: string, key: string, used: string): string {
  const name = PACKAGES.get(key);
  const how = name ? `apt install ${name}` : 'install the Debian package that has it';
  return `font "${asked}" isn't installed: ${how}; ${used} is used`;
}
