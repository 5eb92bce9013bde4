/** OData resource paths: `Users(12)/Pbx.GetX(a=1,b='x')` to segments. */
import { notFound } from './errors';
import { splitOutside } from './options';

/** A literal as written in a path, without its quotes; `quoted` tells `'5'` from `5`. */
export interface PathLiteral {
	text: string;
	quoted: boolean;
}

export interface Segment {
	name: string;
	/** Undefined without parentheses; `''` is the name of the only key in `Users(12)`. */
	args?: Map<string, PathLiteral>;
}

function literal(text: string): PathLiteral {
	const quoted = /^'(?:[^']|'')*'$/s.test(text);
	if (!quoted && text.includes("'")) throw notFound();
	return { quoted, text: quoted ? text.slice(1, -1).replaceAll("''", "'") : text };
}

function parseArgs(text: string): Map<string, PathLiteral> {
	if (text.trim() === '') return new Map();
	// An open quote is a 404 in a path, not the 400 it is in a query option.
	if ((text.match(/'/g)?.length ?? 0) % 2 === 1) throw notFound();
	return new Map(
		splitOutside(text, ',').map((item) => {
			const named = /^([A-Za-z_]\w*)=(.*)$/s.exec(item);
			return named ? [named[1] ?? '', literal(named[2] ?? '')] : ['', literal(item)];
		}),
	);
}

/**
 * Splits a percent-encoded path below `/xapi/v1/` into segments. A slash within a literal must come as `%2F` (protocol 4.7).
 * @throws ODataError 404 for anything that is no path, as the PBX answers (protocol 4.4)
 */
export function parsePath(encoded: string): Segment[] {
	return encoded.split('/').map((raw) => {
		const text = decode(raw);
		const parts = /^([$A-Za-z_][\w.]*)(?:\((.*)\))?$/s.exec(text);
		if (!parts?.[1]) throw notFound();
		return parts[2] === undefined
			? { name: parts[1] }
			: { name: parts[1], args: parseArgs(parts[2]) };
	});
}

function decode(raw: string): string {
	const parts = raw.split('%');
	const malformed = parts.slice(1).some((part) => !/^[0-9a-f]{2}/i.test(part));
	if (malformed) throw notFound();
	return Buffer.concat(
		parts.map((part, index) =>
			index === 0
				? Buffer.from(part)
				: Buffer.concat([Buffer.from(part.slice(0, 2), 'hex'), Buffer.from(part.slice(2))]),
		),
	).toString('utf8');
}
