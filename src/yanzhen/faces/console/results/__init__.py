"""Results of a round: places, shortlist, notice, objections, decision."""
