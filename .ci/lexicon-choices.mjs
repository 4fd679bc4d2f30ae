/** What the lexicon takes from WordNet: senses by lemma and number, `car.1`. */

/** What each label of a detector means. */
export const LABEL_SENSES = {
  person: 'person.1',
  bicycle: 'bicycle.1',
  car: 'car.1',
  motorcycle: 'motorcycle.1 minibike.1',
  airplane: 'airplane.1',
  bus: 'bus.1',
  train: 'train.1',
  truck: 'truck.1',
  boat: 'boat.1 ship.1',
  'traffic light': 'traffic_light.1',
  'fire hydrant': 'fireplug.1',
  'parking meter': 'parking_meter.1',
  bench: 'bench.1',
  bird: 'bird.1',
  cat: 'cat.1',
  dog: 'dog.1',
  horse: 'horse.1',
  sheep: 'sheep.1',
  cow: 'cattle.1',
  elephant: 'elephant.1',
  bear: 'bear.1',
  zebra: 'zebra.1',
  giraffe: 'giraffe.1',
  backpack: 'backpack.1',
  umbrella: 'umbrella.1',
  handbag: 'handbag.1',
  tie: 'necktie.1',
  suitcase: 'suitcase.1',
  frisbee: 'frisbee.1',
  skis: 'ski.1',
  snowboard: 'snowboard.1',
  'sports ball': 'basketball.2 football.2 volleyball.2 tennis_ball.1 soccer_ball.1 golf_ball.1 baseball.2',
  kite: 'kite.3',
  'baseball bat': 'baseball_bat.1',
  'baseball glove': 'baseball_glove.1',
  skateboard: 'skateboard.1',
  surfboard: 'surfboard.1',
  'tennis racket': 'tennis_racket.1',
  bottle: 'bottle.1',
  'wine glass': 'wineglass.1 goblet.1',
  cup: 'cup.1 mug.4',
  fork: 'fork.1',
  knife: 'knife.1',
  spoon: 'spoon.1',
  bowl: 'bowl.1',
  banana: 'banana.2',
  apple: 'apple.1',
  sandwich: 'sandwich.1',
  orange: 'orange.1',
  broccoli: 'broccoli.2',
  carrot: 'carrot.1',
  'hot dog': 'hotdog.2 frank.2',
  pizza: 'pizza.1',
  donut: 'doughnut.2',
  cake: 'cake.3',
  chair: 'chair.1',
  couch: 'sofa.1',
  'potted plant': 'houseplant.1 pot_plant.1',
  bed: 'bed.1',
  'dining table': 'dining_table.1',
  toilet: 'toilet.2',
  tv: 'television_receiver.1',
  laptop: 'laptop.1',
  mouse: 'computer_mouse.1',
  remote: 'remote_control.1',
  keyboard: 'computer_keyboard.1',
  'cell phone': 'cellular_telephone.1',
  microwave: 'microwave.2',
  oven: 'oven.1',
  toaster: 'toaster.2',
  sink: 'sink.1',
  refrigerator: 'refrigerator.1',
  book: 'book.2',
  clock: 'clock.1',
  vase: 'vase.1',
  scissors: 'scissors.1',
  'teddy bear': 'teddy.1',
  'hair drier': 'hair_dryer.1',
  toothbrush: 'toothbrush.1',
};

/** Words for several labels. */
export const WIDER =
  'wheeled_vehicle.1 motor_vehicle.1 animal.1 mammal.1 carnivore.1 ungulate.1 ruminant.1 furniture.1 edible_fruit.1 ' +
  'cutlery.1 tableware.1 home_appliance.1 kitchen_appliance.1 plaything.1 plumbing_fixture.1 seat.3 bovid.1 equine.1';

/** Not told of anybody: insults, and people as no camera shows them. */
export const NOT_SAID =
  'unpleasant_person.1 unwelcome_person.1 simpleton.1 prostitute.1 disputant.1 libertine.1 fool.1 ' +
  'bad_person.1 failure.4 religious_person.1 rustic.1 slave.1 drunkard.1 nonreligious_person.1 selfish_person.1 ' +
  'incompetent.1 psychotic.1 inferior.1 deceiver.1 extremist.1 victim.1 anomaly.2 homosexual.1 nonworker.1 gay_woman.1';

/** Mostly mean something else, or nothing, in what people write about cameras; and what is no word for anybody. */
export const NOT_MEANT = new Set(
  (
    'nobody number_one second_hand coon squaw white_trash poor_white_trash black_man white_man white_woman red_man ' +
    'whore wench tiger wolf skunk whale loon fresh_fish hood hulk buff extern hack puncher mercer ghoul embodiment ' +
    'incarnation personification exotic cannon_fodder pitcher guiding_light top_dog dead_person fixer stager ' +
    'controller distributor developer sucker puke planter lasher lifter roarer sipper twirler lightweight tumbler ' +
    'speaker reader end_man carrier killer witch zombie batman superman shaman ruler receiver picket hotshot ' +
    'charger mudder cutter red_hot sinker glove commuter gig gourd magnum tanker scooter trespasser punk drill ' +
    'light settler patron mover cuss jockey witness virgin lover young_girl girl_friend cavalry bastard bum idiot ' +
    'imbecile pagan redskin gypsy_cab funny_wagon idiot_box boob_tube straw_man strawman loose_woman fancy_woman ' +
    'kept_woman working_girl call_girl honest_woman slovenly_woman unpleasant_woman disagreeable_woman foolish_woman ' +
    'dirty_old_man fancy_man feral_man wild_man crackpot hillbilly minstrel bunny_girl b_girl bar_girl gay_man queer'
  ).split(' '),
);

/** Can be pointed at. */
export const THINGS = 'artifact.1 animal.1 food.1 plant.2 fire.3 smoke.1 vehicle.1 weapon.1 snow.1';

/** Named to say where something is. */
export const PLACES =
  'structure.1 area.5 room.1 building.1 location.1 way.6 land.4 geological_formation.1 body_of_water.1';

/** Not seen as such. */
export const ABSTRACT = 'creation.2 fabric.1 facility.1';
