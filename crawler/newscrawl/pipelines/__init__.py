"""What happens to an article between the spider and the dataset, one step a module."""
