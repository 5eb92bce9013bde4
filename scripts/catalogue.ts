import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { parse } from 'yaml';
import type { Catalogue } from '../lib/xapi/catalogue';
import { buildCatalogue } from '../lib/xapi/catalogueFromOpenApi';

const OUTPUT = join(__dirname, '..', 'lib', 'xapi', 'catalogue.json');

/**
 * `gulp catalogue --spec <swagger.yaml | https://pbx.example.com> [--out <file>]`
 *
 * Writes the catalogue of XAPI operations from a file or from a PBX, which serves its description without a token
 * at `/xapi/v1/swagger.yaml` (most builds, protocol 4.1).
 */
async function main(): Promise<void> {
	const { values } = parseArgs({
		options: { spec: { type: 'string' }, out: { type: 'string', default: OUTPUT } },
		strict: true,
	});
	if (!values.spec) {
		throw new Error(
			'Say where the description is: --spec <path to swagger.yaml | https URL of a PBX>',
		);
	}
	const catalogue = buildCatalogue(parse(await read(values.spec)));
	const text = serialise(catalogue);
	await writeFile(values.out, text);
	const count = (record: object) => Object.keys(record).length;
	process.stdout.write(
		`${values.out}: ${count(catalogue.operations)} operations, ${count(catalogue.types)} types, ${count(catalogue.enums)} enums, ${Math.ceil(text.length / 1024)} kB\n`,
	);
}

async function read(spec: string): Promise<string> {
	if (!/^https?:\/\//.test(spec)) return await readFile(spec, 'utf8');
	const url = new URL('/xapi/v1/swagger.yaml', spec);
	const response = await fetch(url);
	if (!response.ok) {
		throw new Error(
			`${url.href} answered ${response.status}. This build may not serve its description: take a swagger.yaml from another PBX and give its path.`,
		);
	}
	return await response.text();
}

/** JSON with one line for every enum, property and operation, so that a diff shows what a new 3CX version changed. */
function serialise({ version, enums, types, operations }: Catalogue): string {
	const lines = (record: object) =>
		Object.entries(record).map(
			([name, value]) => `\t\t${JSON.stringify(name)}: ${JSON.stringify(value)}`,
		);
	const typeLines = Object.entries(types).map(
		([name, type]) =>
			`\t\t${JSON.stringify(name)}: ${JSON.stringify(type, null, '\t').replace(/\n/g, '\n\t\t')}`,
	);
	const section = (name: string, entries: string[]) =>
		`\t${JSON.stringify(name)}: {\n${entries.join(',\n')}\n\t}`;
	return `{\n${[
		`\t"version": ${JSON.stringify(version)}`,
		section('enums', lines(enums)),
		section('types', typeLines),
		section('operations', lines(operations)),
	].join(',\n')}\n}\n`;
}

main().catch((error: unknown) => {
	process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
	process.exitCode = 1;
});
