import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import ts from 'typescript';
import { MODULE_STATE } from '../lib/moduleState';

/** What modules remember is found in their source, so that nobody adds a map without an end. */

const ROOT = join(__dirname, '..');

/** Objects whose names say that they keep something, and arrays and objects that something is put into. */
const KEEPERS = /^(Map|Set)$/;

/** Objects that are there to be changed, by whoever imports them or is given them. */
const ALWAYS = /^(WeakMap|WeakSet|BoundedMap|KeyedLock|TokenCache|Registrations)$/;

/** Ways of changing what is kept. */
const CHANGES = /\.(set|add|delete|push|unshift|splice|clear)$/;

/** @returns the names of what a file keeps in module-level variables or static fields */
function stateIn(file: string): string[] {
	const text = readFileSync(join(ROOT, file), 'utf8');
	const source = ts.createSourceFile(file, text, ts.ScriptTarget.Latest, true);
	const candidates = new Map<string, 'state' | 'perhaps'>();
	const look = (name: string, initializer: ts.Expression | undefined, isLet: boolean) => {
		if (isLet) candidates.set(name, 'state');
		else if (initializer && ts.isNewExpression(initializer)) {
			const type = initializer.expression.getText();
			if (ALWAYS.test(type)) candidates.set(name, 'state');
			else if (KEEPERS.test(type)) candidates.set(name, 'perhaps');
		} else if (
			initializer &&
			(ts.isArrayLiteralExpression(initializer) || ts.isObjectLiteralExpression(initializer))
		) {
			candidates.set(name, 'perhaps');
		}
	};
	for (const statement of source.statements) {
		if (ts.isVariableStatement(statement)) {
			const { declarationList } = statement;
			const isLet = (declarationList.flags & ts.NodeFlags.Const) === 0;
			for (const { name, initializer } of declarationList.declarations) {
				look(name.getText(), initializer, isLet);
			}
		}
		if (ts.isClassDeclaration(statement)) {
			for (const member of statement.members) {
				if (!ts.isPropertyDeclaration(member)) continue;
				if (!member.modifiers?.some(({ kind }) => kind === ts.SyntaxKind.StaticKeyword)) continue;
				const isReadonly = member.modifiers.some(
					({ kind }) => kind === ts.SyntaxKind.ReadonlyKeyword,
				);
				look(`${statement.name?.text}.${member.name.getText()}`, member.initializer, !isReadonly);
			}
		}
	}
	const changed = new Set<string>();
	const visit = (node: ts.Node): void => {
		if (ts.isCallExpression(node) && CHANGES.test(node.expression.getText())) {
			changed.add(node.expression.getText().replace(/\.\w+$/, ''));
		}
		const isAssignment =
			ts.isBinaryExpression(node) && /^(\?\?|\|\||&&|[-+*/])?=$/.test(node.operatorToken.getText());
		if (isAssignment && ts.isElementAccessExpression(node.left)) {
			changed.add(node.left.expression.getText());
		}
		ts.forEachChild(node, visit);
	};
	visit(source);
	return [...candidates]
		.filter(([name, kind]) => kind === 'state' || changed.has(name))
		.map(([name]) => `${file} ${name}`);
}

const files = globSync('{lib,nodes,credentials}/**/*.ts', { cwd: ROOT });

test('all that modules remember is listed, with its bound and its way out', () => {
	const found = files.flatMap(stateIn).sort();
	expect(found.length).toBeGreaterThan(5);
	expect(MODULE_STATE.map(({ at }) => at).sort()).toEqual(found);
});
