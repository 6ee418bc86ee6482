-- Holds the place of a version that is made elsewhere.
DO 'BEGIN END';
