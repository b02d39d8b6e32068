#include <filesystem>
#include <fstream>
#include <iostream>

#include "support/hostile_snapshot.h"
#include "support/temp_dir.h"

// Writes the inputs that fuzz_snapshot begins with into a folder.

int main(int argc, char** argv) {
    if (argc != 2) {
        std::cerr << "usage: write_snapshots FOLDER\n";
        return 2;
    }
    const infinipot::TempDir folder;
    const infinipot::Model model = infinipot::model_for_snapshots(folder.path());
    std::filesystem::create_directories(argv[1]);
    int n = 0;
    for (const infinipot::HostileSnapshot& snapshot :
         infinipot::sound_snapshots(model, folder.path())) {
        const std::vector<std::byte> bytes = snapshot.pack();
        std::ofstream file(std::filesystem::path(argv[1]) / ("sound-" + std::to_string(n++)),
                           std::ios::binary);
        file.write(reinterpret_cast<const char*>(bytes.data()),
                   static_cast<std::streamsize>(bytes.size()));
    }
}
