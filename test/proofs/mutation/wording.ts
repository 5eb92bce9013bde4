/** Properties whose text only people read: errors and hints, and the texts of n8n's panels. */
const WORDING = new Set([
	'activationHint',
	'activationMessage',
	'action',
	'active',
	'description',
	'displayName',
	'eventTriggerDescription',
	'executionsHelp',
	'header',
	'hint',
	'inactive',
	'label',
	'message',
	'placeholder',
]);

/** What is needed of Babel's path to a node. */
export interface Path {
	node: Node;
	parentPath: Path | null;
}

interface Node {
	type: string;
	[key: string]: unknown;
}

/**
 * Wording is not mutated: a survivor in the text of a message would only ask for a copy of that text in a test. It is
 * wording when a text is the value of a property of {@link WORDING}, is the `name` beside a `value` (an option of a
 * dropdown), or is handed to the constructor of an error; also in a part of a condition or a sum there. Texts with
 * decisions or calls inside (`${a ? b : c}`) stay: those are code.
 *
 * @returns why the node is left out; undefined when it is mutated
 */
export function wordingIgnored(path: Path): string | undefined {
	return isText(path.node) && isRead(path) ? 'wording' : undefined;
}

function isText(node: Node): boolean {
	if (node.type === 'StringLiteral') return true;
	return node.type === 'TemplateLiteral' && (node.expressions as Node[]).every(isPlain);
}

/** A name or a property: nothing is decided or computed. */
function isPlain({ type }: Node): boolean {
	return (
		type === 'Identifier' || type === 'MemberExpression' || type === 'OptionalMemberExpression'
	);
}

function isRead(path: Path): boolean {
	let { node } = path;
	for (let parent = path.parentPath; parent; { node } = parent, parent = parent.parentPath) {
		const outer = parent.node;
		switch (outer.type) {
			case 'ConditionalExpression':
				if (outer.test === node) return false;
				break;
			case 'BinaryExpression':
				if (outer.operator !== '+') return false;
				break;
			case 'LogicalExpression':
			case 'TemplateLiteral':
			case 'TSAsExpression':
				break;
			case 'ObjectProperty':
				return outer.value === node && isReadProperty(parent);
			case 'NewExpression':
				return /Error$/.test(nameOf(outer.callee as Node));
			default:
				return false;
		}
	}
	return false;
}

function isReadProperty({ node, parentPath }: Path): boolean {
	const name = nameOf(node.key as Node);
	if (WORDING.has(name)) return true;
	const siblings = (parentPath?.node.properties ?? []) as Node[];
	return (
		name === 'name' &&
		siblings.some(({ key }) => key !== undefined && nameOf(key as Node) === 'value')
	);
}

const nameOf = (node: Node): string => String(node.name ?? node.value ?? '');
