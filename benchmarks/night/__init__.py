"""What a night takes, stage by stage."""
