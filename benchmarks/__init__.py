"""How fast DoctApp is: one script a row of the table, each figure beside its floor in the same run."""
