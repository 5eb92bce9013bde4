const { mkdir, readFile, writeFile } = require('node:fs/promises');
const { dirname, join } = require('node:path');

/**
 * JSON schemas of what operations give. n8n's editor reads them where a step has not run yet, so that its fields can be
 * dragged into the next one. They come from the recorded items of the documentation.
 */

/** What is recorded here depends on what was asked: of others there is nothing to know. */
const OF_ONE_KIND_ONLY = new Set(['anyOperation.invoke', 'report.get']);

/** Where n8n looks for the schemas of version 1 of a node, below the folder of its file. */
const VERSION = join('__schema__', 'v1.0.0');

/**
 * @param {Record<string, Record<string, { json: object } | null>>} examples items by node, then by `resource.operation` or
 *   event, as in `docs/nodes/examples.json`
 * @returns {Record<string, object>} schemas by the file that n8n looks for, below the folder of the nodes
 */
function outputSchemas(examples) {
	const files = {};
	for (const [node, items] of Object.entries(examples)) {
		const folder = join(`${node[0].toUpperCase()}${node.slice(1)}`, VERSION);
		const recorded = Object.entries(items).map(([name, item]) => [name, item?.json ?? {}]);
		const known = kindsIn(recorded.map(([, json]) => json));
		if (node.endsWith('Trigger')) {
			files[`${folder}.json`] = together(recorded.map(([, json]) => schemaOf(json, known)));
			continue;
		}
		for (const [name, json] of recorded) {
			const isOne = OF_ONE_KIND_ONLY.has(name);
			files[join(folder, ...name.split('.')) + '.json'] = isOne
				? { type: 'object', properties: {} }
				: schemaOf(json, known);
		}
	}
	return files;
}

/** The kinds of value of a field wherever it is told: an item may have nothing to say of it. */
function kindsIn(values, known = new Map()) {
	for (const value of values) {
		if (Array.isArray(value)) kindsIn(value, known);
		else if (isObject(value))
			for (const [name, member] of Object.entries(value)) {
				const kind = kindOf(member);
				if (kind !== undefined) known.set(name, (known.get(name) ?? new Set()).add(kind));
				kindsIn([member], known);
			}
	}
	return known;
}

const isObject = (value) => typeof value === 'object' && value !== null && !Array.isArray(value);

/** Of a list or an object the kind alone says nothing. */
const kindOf = (value) =>
	['string', 'number', 'boolean'].includes(typeof value) ? typeof value : undefined;

/** Whatever has a value now may have none the next time; the editor shows the first kind of a list. */
function schemaOf(value, known, name = '') {
	if (Array.isArray(value))
		return {
			type: 'array',
			...(value.length > 0 && {
				items: together(value.map((each) => schemaOf(each, known, name))),
			}),
		};
	if (isObject(value))
		return {
			type: 'object',
			properties: Object.fromEntries(
				Object.entries(value).map(([member, of]) => [member, schemaOf(of, known, member)]),
			),
		};
	const kinds = value === null ? [...(known.get(name) ?? [])] : [kindOf(value)];
	return { type: [...kinds, 'null'] };
}

/** One schema that all fit. */
function together(schemas) {
	const types = [...new Set(schemas.flatMap(({ type }) => type))];
	const objects = schemas.filter(({ properties }) => properties);
	if (objects.length > 0) {
		const names = [...new Set(objects.flatMap(({ properties }) => Object.keys(properties)))];
		const of = (name) => objects.flatMap(({ properties }) => properties[name] ?? []);
		return {
			type:
				types.length === 1 ? 'object' : ['object', ...types.filter((type) => type !== 'object')],
			properties: Object.fromEntries(names.map((name) => [name, together(of(name))])),
		};
	}
	const items = schemas.flatMap(({ items: each }) => each ?? []);
	if (types.length === 1)
		return { type: types[0], ...(items.length > 0 && { items: together(items) }) };
	return { type: [...types.filter((type) => type !== 'null'), 'null'] };
}

/** Writes the schemas of the recorded items into the built package. */
async function writeOutputSchemas(root, dist) {
	const examples = await readFile(join(root, 'docs', 'nodes', 'examples.json'), 'utf8');
	await Promise.all(
		Object.entries(outputSchemas(JSON.parse(examples))).map(async ([file, schema]) => {
			const target = join(dist, 'nodes', file);
			await mkdir(dirname(target), { recursive: true });
			await writeFile(target, JSON.stringify(schema));
		}),
	);
}

exports.outputSchemas = outputSchemas;
exports.writeOutputSchemas = writeOutputSchemas;
