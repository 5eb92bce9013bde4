import { international } from './e164';
import { isDialCode, legible, notationOf } from './notation';

/**
 * What 3CX is to dial for a number as people and address books write it: `+44 (0)20 7946 0102`, `020 7946 0102 ext. 5`,
 * `tel:+44-20-7946-0102`, also copied from a messenger or a web page. The Call Control operations read numbers here.
 *
 * A number with its country code becomes E.164; a local one keeps its digits, since the PBX's own rules are made for
 * them. Dial codes such as `*777` stay as they are. An extension behind the number is left out: nothing can dial it.
 *
 * @param text the number
 * @returns digits with a plus or a dial code in front; undefined where the text is no number, such as `voiceagent`
 */
export function dialled(text: string): string | undefined {
	const written = legible(text);
	// A code may be written with gaps; `8 * 9` is none.
	const keys = /^[*#]/.test(written) ? written.replace(/[\s\-/.]/g, '') : written;
	if (isDialCode(keys)) return /\d/.test(keys) ? keys : undefined;
	const notation = notationOf(text);
	if (!notation) return undefined;
	const { code, digits, isInternational, abroad } = notation;
	// A country that keeps its zero, such as Italy, is known by its valid number; no other needs it from abroad.
	if (isInternational) return `${code}${international(digits)?.number ?? `+${abroad}`}`;
	if (!digits.startsWith('00')) return `${code}${digits}`;
	return `${code}00${international(digits.slice(2))?.number.slice(1) ?? abroad.slice(2)}`;
}
