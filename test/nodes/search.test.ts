import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import manifest from '../../package.json';

/**
 * What people type into n8n's node search. The editor folds an action node and the trigger of the same name into one
 * entry, and then only reads the search words of the action node.
 */

const ROOT = resolve(__dirname, '../..');
const wordsOf = (name: string) => {
	const file = manifest.n8n.nodes.find((path) => path.endsWith(`/${name}.node.js`))!;
	const codex = join(ROOT, file.replace(/^dist\//, '').replace(/\.js$/, '.json'));
	return (JSON.parse(readFileSync(codex, 'utf8')) as { alias: string[] }).alias;
};

test.each([
	'ivr',
	'presence',
	'sms',
	'contacts',
	'ringing',
	'voicemail',
	'phonebook',
	'fax',
	'holiday',
	'transfer',
	'caller',
	...wordsOf('ThreeCxTrigger'),
])('"%s" finds 3CX', (word) => {
	expect(wordsOf('ThreeCx')).toContain(word);
});
