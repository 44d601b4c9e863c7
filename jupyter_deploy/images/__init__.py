"""Images: what a bundle becomes where it runs in a container. The only room that builds them; the targets that run images share it."""
