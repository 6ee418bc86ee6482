-- Nothing to look at.
DO 'BEGIN END';
