import { createInlineParser } from './inline-parser.ts';
import { documentParserSuite } from './port.suite.ts';

documentParserSuite('in this process', createInlineParser);
