package peers

// meantOfParts are the differences of the extension Concatenation.
var meantOfParts = []intended{
	{difference{anyRow, anyStep, "Upload-Concat", anyValue, "", "201"}, "the answer to a creation says what was created"},
	{difference{anyRow, anyStep, "Upload-Offset", anyValue, "", "201"}, "a final upload has all its bytes at once"},
	{difference{"one part twice", 5, "status", "400", "201", anyValue}, "a part becomes one file: its bytes are moved, not copied"},
	{difference{"a part that is not complete", 4, "status", "409", "400", anyValue}, "the request is right, and will do later"},
	{difference{"a part, length to come", 3, "status", "409", "400", anyValue}, "the same"},
	{difference{"a part of another server", 5, "status", "400", "404", anyValue}, "it is no address of this server"},
	{difference{"an upload that is no part", 3, "status", "400", "201", anyValue}, "it is a file, of an asset"},
	{difference{"parts and a length", 5, "status", "400", "201", anyValue}, "the protocol forbids it: the length is that of the parts"},
	{difference{"parts and another length", 5, "status", "400", "201", anyValue}, "the same"},
	{difference{"parts and a body", 5, "status", "400", "403", anyValue}, "the request is wrong, whoever sends it"},
	{difference{"spaces between the parts", 5, "status", "400", "201", anyValue}, "the protocol has one space between them"},
	{difference{"a part without bytes", 1, "status", "400", "201", anyValue}, "as any upload"},
	{difference{"a final file that is deleted", 6, "status", "409", "204", anyValue}, "as any upload that is complete"},
	{difference{"a final file that is deleted", 7, "status", "200", "404", anyValue}, "it is still there"},
}

// meantOfOverride are those of X-HTTP-Method-Override.
var meantOfOverride = []intended{
	{difference{"POST that is a DELETE", 3, "status", "410", "404", anyValue}, "as after any DELETE"},
	{difference{"POST that is nothing known", 2, "status", "400", "405", anyValue}, "the method is POST, and its header is wrong"},
	{difference{"POST that is a PATCH, in small letters", 2, "status", "400", "405", anyValue}, "the same: methods have a case"},
	{difference{"PATCH that would be a DELETE", 2, "status", "415", "400", anyValue}, "it is a PATCH without a type"},
}
