; What is coloured in SystemVerilog. Patterns look at single tokens only: a query over structures takes ten
; times as long to prepare, and colours would come late.
[(one_line_comment) (block_comment)] @comment
[(string_literal) (quoted_string) (system_lib_string)] @string
[(integral_number) (real_number) (unbased_unsized_literal) (time_literal)] @number
(system_tf_identifier) @function
(text_macro_usage (simple_identifier) @macro)
["`include" "`define" "`ifdef" "`ifndef" "`timescale" "`default_nettype" "`elsif" "`undef" "`endif" "`else"] @macro
[(integer_vector_type) (integer_atom_type) (non_integer_type) (net_type)] @type
["string" "event" "signed" "unsigned" "input" "output" "inout" "ref"] @type
[(always_keyword) (case_keyword) (edge_identifier) (lifetime) (module_keyword) (unique_priority)
 (class_item_qualifier) (random_qualifier) (bins_keyword)] @keyword
["begin" "end" "if" "else" "endcase" "assign" "initial" "final" "endmodule" "function" "endfunction" "task"
 "endtask" "return" "for" "foreach" "forever" "repeat" "while" "do" "wait" "fork" "join" "join_any" "join_none"
 "disable" "force" "release" "break" "continue" "default" "parameter" "localparam" "typedef" "enum" "struct"
 "union" "packed" "generate" "endgenerate" "genvar" "package" "endpackage" "import" "export" "class" "endclass"
 "new" "this" "extends" "virtual" "interface" "endinterface" "modport" "clocking" "endclocking" "property"
 "endproperty" "sequence" "endsequence" "assert" "assume" "cover" "iff" "inside" "or" "and" "with" "const"
 "covergroup" "endgroup" "coverpoint" "cross" "constraint" "randomize" "program" "endprogram" "bind" "alias"] @keyword
(name_of_instance (simple_identifier) @instance)
