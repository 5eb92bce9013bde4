import { inThread } from '../thread';

/** No description of XAPI is near this size, in bytes; that of v20 Update 9 has 1.2 MB. */
export const MAX_YAML_BYTES = 8 * 1024 * 1024;

/** Memory of the thread that parses, in MB: 3CX's own description needs about 60. */
const MEMORY_MB = 512;

/**
 * Aliases are refused before there can be any: a few of them inside of each other stand for more values than fit into any
 * memory, and 3CX writes none.
 */
const PROGRAM = `
const { JSON_SCHEMA, load } = require(workerData.library);
const listener = (event, { anchorMap }) => {
	for (const name in anchorMap) throw new Error('The description has an anchor: ' + name.slice(0, 40));
};
return load(workerData.text, { schema: JSON_SCHEMA, listener });
`;

/**
 * Parses YAML from outside without stopping this process.
 *
 * @param text YAML without anchors and aliases, of at most {@link MAX_YAML_BYTES}
 * @param withinMs how long it may take, in ms
 * @returns plain JSON values
 * @throws Error when it is no YAML, has anchors, is too large, or takes too long
 */
export async function parseYaml(text: string, withinMs: number): Promise<unknown> {
	if (text.length > MAX_YAML_BYTES) throw new Error('The YAML is too large');
	return await inThread(
		PROGRAM,
		{ text, library: require.resolve('js-yaml') },
		{ what: 'The YAML', withinMs, memoryMb: MEMORY_MB },
	);
}
