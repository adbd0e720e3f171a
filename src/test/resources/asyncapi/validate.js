// Says what is wrong with the AsyncAPI document that is named; exits with 1 when it is not valid.
import { readFileSync } from "node:fs";
import { Parser } from "@asyncapi/parser";

const WARNING = 1;
const { document, diagnostics } = await new Parser().parse(readFileSync(process.argv[2], "utf8"));
const problems = diagnostics.filter((each) => each.severity <= WARNING);
for (const each of problems) {
  console.log(`${each.path.join(".")}: ${each.message} (${each.code})`);
}
process.exit(document && problems.length === 0 ? 0 : 1);
