import { readFileSync } from 'node:fs';
import { join } from 'node:path';

export const ROOT = join(__dirname, '..', '..', '..');

/** A row of the list of guesses in docs/protocol.md. */
export interface DocumentedGuess {
	/** `G1` and so on. */
	id: string;
	/** What we take for true, as plain text. */
	claim: string;
	/** Numbers of the sections that it is explained in. */
	sections: string[];
	/** Whether the compatibility report asks a PBX for it. */
	asked: boolean;
}

/** What docs/protocol.md consists of, as far as code can refer to it. */
export interface ProtocolDocument {
	/** Numbers of all sections: headings such as `### 1.2 ...`, and the numbered rows of the table of traps. */
	sections: ReadonlySet<string>;
	guesses: DocumentedGuess[];
	text: string;
}

const HEADING = /^#{2,3} (\d+(?:\.\d+)?)\b/gm;
const NUMBERED_ROW = /^\| (\d+\.\d+) \|/gm;
const GUESS = /^\| (G\d+) \|(.*)\|$/gm;

/** @returns docs/protocol.md, read */
export function readProtocol(): ProtocolDocument {
	const text = readFileSync(join(ROOT, 'docs', 'protocol.md'), 'utf8');
	const found = [HEADING, NUMBERED_ROW].flatMap((pattern) => [...text.matchAll(pattern)]);
	const guesses = [...text.matchAll(GUESS)].map(([, id = '', row = '']): DocumentedGuess => {
		const [claim = '', , sections = '', asked = ''] = row.split(' | ').map((cell) => cell.trim());
		return {
			id,
			claim,
			sections: sections.split(', '),
			asked: asked.startsWith('yes'),
		};
	});
	return { text, guesses, sections: new Set(found.map(([, number = '']) => number)) };
}
