#!/bin/sh
# Makes the videos and pictures that the sandbox serves. Needs ffmpeg. The results are in the repository, so
# that builds do not need this script.
#
# Each video is a moving silhouette of four seconds in flat colours, which takes a few kilobytes. H.264
# baseline with its index in front (`faststart`) plays everywhere; the WebM has an alpha channel and no
# background.
set -eu
cd "$(dirname "$0")"

# name width height brightness of the background
picture() {
    name=$1 width=$2 height=$3 background=$4
    # Head, shoulders and mouth, in units of the shorter side; N is the frame, 12 a second, and every
    # movement ends where it began, so that a player may repeat it.
    side="min(W\,H)"
    x="((X-W/2)/$side-0.012*sin(2*PI*N/48))"
    y="((Y-H/2)/$side-0.008*sin(2*PI*N/24))"
    head="lt(pow($x/0.15\,2)+pow(($y+0.12)/0.19\,2)\,1)"
    neck="lt(abs($x)\,0.055)*between($y\,0\,0.2)"
    body="gt(lt(pow($x/0.36\,2)+pow(($y-0.52)/0.36\,2)\,1)+lt(abs($x)\,0.36)*gt($y\,0.52)\,0)"
    eyes="lt(pow((abs($x)-0.06)/0.014\,2)+pow(($y+0.14)/0.018\,2)\,1)"
    hair="lt(pow($x/0.165\,2)+pow(($y+0.13)/0.205\,2)\,1)*gt(0\,$y+0.2-0.5*abs($x))"
    mouth="lt(pow($x/0.05\,2)+pow(($y+0.04)/(0.008+0.016*abs(sin(2*PI*N/8)))\,2)\,1)"
    figure="gt($head+$hair+$neck+$body\,0)"
    alpha="255*$figure"
    luma="if($mouth\,60\,if($hair+$eyes\,55\,if($head\,190\,if($neck\,170\,if($body\,110\,$background)))))"
    blue="if($mouth\,120\,if($hair+$eyes\,118\,if($head+$neck\,108\,if($body\,150\,140))))"
    red="if($mouth\,160\,if($hair+$eyes\,138\,if($head+$neck\,150\,if($body\,110\,118))))"
    source="color=black:size=${width}x${height}:rate=12:duration=4,format=yuva420p,geq=lum='$luma':cb='$blue':cr='$red':a='$alpha'"

    ffmpeg -v error -y -f lavfi -i "$source" -pix_fmt yuv420p -c:v libx264 -profile:v baseline -level 3.0 \
        -preset veryslow -crf 30 -g 48 -map_metadata -1 -fflags +bitexact -flags:v +bitexact \
        -movflags +faststart "$name.mp4"
    ffmpeg -v error -y -f lavfi -i "$source" -pix_fmt yuva420p -c:v libvpx-vp9 -auto-alt-ref 0 -crf 45 -b:v 0 \
        -g 48 -map_metadata -1 -fflags +bitexact -flags:v +bitexact "$name.webm"
    ffmpeg -v error -y -i "$name.mp4" -frames:v 1 -q:v 6 -map_metadata -1 -fflags +bitexact -flags:v +bitexact \
        -update 1 "$name.jpg"
}

picture landscape 320 180 48
picture square 240 240 66
picture portrait 180 320 84

# What a voice sounds like: a short, soft tone.
ffmpeg -v error -y -f lavfi -i "sine=frequency=220:duration=1:sample_rate=22050" -af "volume=0.4,afade=out:st=0.6:d=0.4" \
    -c:a libmp3lame -b:a 32k -map_metadata -1 -fflags +bitexact -flags:a +bitexact -write_xing 0 -id3v2_version 0 voice.mp3
