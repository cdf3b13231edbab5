{{ lists_with_approval() }}
