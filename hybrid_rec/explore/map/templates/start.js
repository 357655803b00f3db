(async () => {
  try {
    const world = new World(await unpacked(document.getElementById("data").textContent));
    const view = new View(world, (point) => panel.open(point, false));
    const panel = new Panel(world, view);
    new Key(world, view);
    new Search(world, panel);
    view.arrange();
    notice("");
    document.body.dataset.ready = "yes";
  } catch (error) {
    notice("The map cannot be shown: " + error.message);
  }
})();
