import { readdirSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { readProtocol, ROOT } from './protocol';

/** Comments say `(protocol 1.3)`: each such number must lead somewhere in docs/protocol.md. */

const FOLDERS = ['credentials', 'docs', 'lib', 'nodes', 'sandbox', 'scripts', 'test'];
const FILES = ['README.md', 'CHANGELOG.md', 'CONTRIBUTING.md'];
const TEXT = /\.(ts|cts|mjs|cjs|js|md|html)$/;

/** Comment marks at the begin of a line may stand between the word and its number. */
const NUMBER = '\\d+(?:\\.\\d+)?';
const GAP = '\\s+(?:\\* )?';
const REFERENCE = new RegExp(
	`\\bprotocol${GAP}(${NUMBER}(?:(?: \\[[O?S1]\\])?(?:,|${GAP}and|${GAP}to|${GAP}or)${GAP}${NUMBER})*)`,
	'g',
);
/** The document that this one replaces, and one about n8n: neither can be looked up by the reader. */
const LEFT_OVER = new RegExp(`\\bfacts${GAP}\\d+\\.\\d|n8n protocol${GAP}\\d`, 'g');

const own = relative(ROOT, __filename);

function* textFiles(folder: string): Generator<string> {
	for (const entry of readdirSync(join(ROOT, folder), { withFileTypes: true })) {
		const path = join(folder, entry.name);
		if (entry.name === 'node_modules' || entry.name.startsWith('.')) continue;
		if (entry.isDirectory()) yield* textFiles(path);
		else if (TEXT.test(entry.name) && path !== own) yield path;
	}
}

/** @returns `file:line number` for each section that a text names */
function references(path: string, text: string): Array<{ at: string; section: string }> {
	return [...text.matchAll(REFERENCE)].flatMap(({ index, 1: list = '' }) => {
		const at = `${path}:${text.slice(0, index).split('\n').length}`;
		return [...list.matchAll(new RegExp(NUMBER, 'g'))]
			.map(([section]) => section)
			.filter((section) => section !== '1' || !list.includes('[1]'))
			.map((section) => ({ at, section }));
	});
}

const texts = [...FOLDERS.flatMap((folder) => [...textFiles(folder)]), ...FILES].map((path) => ({
	path,
	text: readFileSync(join(ROOT, path), 'utf8'),
}));
const protocol = readProtocol();

test('the references of this kind are found, also in lists, and across lines', () => {
	const text = '(protocol 1.1 to 1.4), (protocol 4.6 [1], 2.5) and (protocol\n * 3.2, 8.3)';
	expect(references('x', text).map(({ section }) => section)).toEqual([
		'1.1',
		'1.4',
		'4.6',
		'2.5',
		'3.2',
		'8.3',
	]);
});

test('every section that a comment names is in docs/protocol.md', () => {
	const all = texts.flatMap(({ path, text }) => references(path, text));
	expect(all.length).toBeGreaterThan(150);
	expect(all.filter(({ section }) => !protocol.sections.has(section))).toEqual([]);
});

test('nothing refers to a document that is not here', () => {
	const found = texts.flatMap(({ path, text }) =>
		[...text.matchAll(LEFT_OVER)].map(([match]) => `${path}: ${match}`),
	);
	expect(found).toEqual([]);
});

test('the document leads to its own sections and guesses', () => {
	const { text, guesses, sections } = protocol;
	const numbers = [...text.matchAll(/\((\d\.\d+)(?:, (\d\.\d+))?\)/g)]
		.flatMap(([, ...found]) => found)
		.filter((section) => section !== undefined);
	expect(numbers.length).toBeGreaterThan(20);
	expect(numbers.filter((section) => !sections.has(section))).toEqual([]);

	expect(guesses.map(({ id }) => id)).toEqual(guesses.map((_, index) => `G${index + 1}`));
	const ids = new Set(guesses.map(({ id }) => id));
	expect([...text.matchAll(/\bG\d+\b/g)].filter(([id]) => !ids.has(id))).toEqual([]);
	expect(
		guesses.flatMap((guess) => guess.sections).filter((section) => !sections.has(section)),
	).toEqual([]);

	const doubtful = text
		.split(/^(?=#{2,3} \d)/m)
		.slice(1)
		.filter((section) => section.includes('**[?]**'))
		.map((section) => /\d+(\.\d+)?/.exec(section)![0]);
	const guessed = new Set(guesses.flatMap((guess) => guess.sections));
	expect(doubtful.filter((section) => !guessed.has(section))).toEqual([]);

	const anchor = (title: string) =>
		title
			.toLowerCase()
			.replace(/[^\w -]/g, '')
			.replaceAll(' ', '-');
	const anchors = new Set([...text.matchAll(/^#+ (.+)$/gm)].map(([, title = '']) => anchor(title)));
	const links = [...text.matchAll(/\]\(#([^)]+)\)/g)].map(([, target = '']) => target);
	expect(links.filter((target) => !anchors.has(target))).toEqual([]);
});
