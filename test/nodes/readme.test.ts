import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ThreeCx } from '../../nodes/ThreeCx/ThreeCx.node';
import { ThreeCxCallControl } from '../../nodes/ThreeCxCallControl/ThreeCxCallControl.node';
import { ThreeCxCallHistoryTrigger } from '../../nodes/ThreeCxCallHistoryTrigger/ThreeCxCallHistoryTrigger.node';
import { ThreeCxSystemTrigger } from '../../nodes/ThreeCxSystemTrigger/ThreeCxSystemTrigger.node';
import { ThreeCxTrigger } from '../../nodes/ThreeCxTrigger/ThreeCxTrigger.node';

/** What README.md lists is what there is. Its links and commands are looked up in `test/docs`. */

const ROOT = join(__dirname, '../..');
const readme = readFileSync(join(ROOT, 'README.md'), 'utf8');

test('README.md names every node', () => {
	const nodes = [
		new ThreeCx(),
		new ThreeCxCallControl(),
		new ThreeCxTrigger(),
		new ThreeCxCallHistoryTrigger(),
		new ThreeCxSystemTrigger(),
	];
	const named = [...readme.matchAll(/^\| \[\*\*(.*?)\*\*\]/gm)].map(([, name]) => name);
	expect(named).toEqual(nodes.map(({ description }) => description.displayName));
});

test('README.md lists every workflow', () => {
	const listed = [...readme.matchAll(/^\|.*\| \[.*?\]\(workflows\/(.*?)\)/gm)].map(
		([, file]) => file!,
	);
	expect(listed.sort()).toEqual(readdirSync(join(ROOT, 'workflows')).sort());
});
