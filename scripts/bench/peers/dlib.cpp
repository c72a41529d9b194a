// What a door on dlib would do with a frame, on one thread: HOG detector, 68 landmarks, the ResNet of 29 convolutions.
//
// dlib's trained files are in no package of Debian. The time does not depend on them: the ResNet has random weights, and the
// landmarks come from regression trees of the published size (15 cascades of 500 trees, depth 4), trained here on one picture.
//
// Arguments: a JPEG, and a file that keeps the trees. Prints "ready", then the milliseconds of each frame, one for each line
// on standard input.
#include <dlib/dnn.h>
#include <dlib/image_io.h>
#include <dlib/image_processing.h>
#include <dlib/image_processing/frontal_face_detector.h>

#include <chrono>
#include <cstdio>
#include <fstream>
#include <iostream>
#include <string>

using namespace dlib;

// Residual blocks as in He et al. 2015, with the widths and repetitions that dlib's face recognition model publishes.
template <int N, int stride, typename In>
using convolutions = affine<con<N, 3, 3, 1, 1, relu<affine<con<N, 3, 3, stride, stride, In>>>>>;
template <int N, typename In> using same = relu<add_prev1<convolutions<N, 1, tag1<In>>>>;
template <int N, typename In>
using halved = relu<add_prev2<avg_pool<2, 2, 2, 2, skip1<tag2<convolutions<N, 2, tag1<In>>>>>>>;
template <typename In> using same32 = same<32, In>;
template <typename In> using same64 = same<64, In>;
template <typename In> using same128 = same<128, In>;
template <typename In> using same256 = same<256, In>;

using stem = max_pool<3, 3, 2, 2, relu<affine<con<32, 7, 7, 2, 2, input_rgb_image_sized<150>>>>>;
using stage1 = repeat<3, same32, stem>;
using stage2 = repeat<3, same64, halved<64, stage1>>;
using stage3 = repeat<2, same128, halved<128, stage2>>;
using stage4 = repeat<2, same256, halved<256, stage3>>;
using resnet = loss_metric<fc_no_bias<128, avg_pool_everything<halved<256, stage4>>>>;

static shape_predictor landmarks_for(const array2d<rgb_pixel>& picture, const rectangle& box, const std::string& cache) {
  shape_predictor predictor;
  if (std::ifstream(cache).good()) {
    deserialize(cache) >> predictor;
    return predictor;
  }
  std::vector<point> parts;
  for (int i = 0; i < 68; i++) {
    parts.emplace_back(box.left() + (i * 37 % 68) * static_cast<long>(box.width()) / 68, box.top() + i * static_cast<long>(box.height()) / 68);
  }
  dlib::array<array2d<unsigned char>> pictures(2);
  for (auto& grey : pictures) assign_image(grey, picture);
  std::vector<std::vector<full_object_detection>> shapes(2, {full_object_detection(box, parts)});
  for (auto& part : parts) part += point(2, 1);
  shapes[1] = {full_object_detection(box, parts)};
  shape_predictor_trainer trainer;
  trainer.set_cascade_depth(15);
  trainer.set_num_trees_per_cascade_level(500);
  trainer.set_tree_depth(4);
  trainer.set_oversampling_amount(2);
  trainer.set_num_test_splits(1);
  predictor = trainer.train(pictures, shapes);
  serialize(cache) << predictor;
  return predictor;
}

int main(int, char** arguments) {
  std::ifstream file(arguments[1], std::ios::binary);
  const std::string jpeg((std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>());
  const auto decode = [&](array2d<rgb_pixel>& picture) {
    load_jpeg(picture, reinterpret_cast<const unsigned char*>(jpeg.data()), jpeg.size());
  };
  array2d<rgb_pixel> first;
  decode(first);
  auto detector = get_frontal_face_detector();
  const auto boxes = detector(first);
  if (boxes.empty()) {
    std::cerr << "dlib finds no face in the picture of the bench\n";
    return 1;
  }
  const shape_predictor landmarks = landmarks_for(first, boxes[0], arguments[2]);
  resnet encoder;

  const auto embed = [&] {
    array2d<rgb_pixel> picture;
    decode(picture);
    const rectangle box = detector(picture).at(0);
    const full_object_detection shape = landmarks(picture, box);
    // The chip is cut by the box: these landmarks stand nowhere in particular.
    matrix<rgb_pixel> chip;
    extract_image_chip(picture, chip_details(shape.get_rect(), chip_dims(150, 150)), chip);
    return encoder(chip);
  };
  for (int i = 0; i < 3; i++) embed();
  std::cout << "ready" << std::endl;
  for (std::string line; std::getline(std::cin, line);) {
    const auto start = std::chrono::steady_clock::now();
    embed();
    const std::chrono::duration<double, std::milli> took = std::chrono::steady_clock::now() - start;
    std::printf("%.3f\n", took.count());
    std::fflush(stdout);
  }
}
